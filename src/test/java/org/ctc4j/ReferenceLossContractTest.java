package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: loss")
class ReferenceLossContractTest extends LossContract {
  ReferenceLossContractTest() {
    super(new TestedReference());
  }
}
