package org.ctc4j.cpu;

import org.ctc4j.EngineContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: the engine")
class CpuEngineContractTest extends EngineContract {
  CpuEngineContractTest() {
    super(new TestedCpu());
  }
}
