package org.ctc4j.cpu;

import org.ctc4j.StatusContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: statuses")
class CpuStatusContractTest extends StatusContract {
  CpuStatusContractTest() {
    super(new TestedCpu());
  }
}
