package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: small losses")
class ReferenceSmallLossContractTest extends SmallLossContract {
  ReferenceSmallLossContractTest() {
    super(new TestedReference());
  }
}
