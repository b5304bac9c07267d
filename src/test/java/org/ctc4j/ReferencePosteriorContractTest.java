package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: posteriors")
class ReferencePosteriorContractTest extends PosteriorContract {
  ReferencePosteriorContractTest() {
    super(new TestedReference());
  }
}
