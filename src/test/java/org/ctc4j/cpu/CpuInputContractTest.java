package org.ctc4j.cpu;

import org.ctc4j.InputContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: inputs")
class CpuInputContractTest extends InputContract {
  CpuInputContractTest() {
    super(new TestedCpu());
  }
}
