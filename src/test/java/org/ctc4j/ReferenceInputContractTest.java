package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: inputs")
class ReferenceInputContractTest extends InputContract {
  ReferenceInputContractTest() {
    super(new TestedReference());
  }
}
