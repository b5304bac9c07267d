package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: the engine")
class ReferenceEngineContractTest extends EngineContract {
  ReferenceEngineContractTest() {
    super(new TestedReference());
  }
}
