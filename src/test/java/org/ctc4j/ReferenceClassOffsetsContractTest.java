package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: class offsets")
class ReferenceClassOffsetsContractTest extends ClassOffsetsContract {
  ReferenceClassOffsetsContractTest() {
    super(new TestedReference());
  }
}
