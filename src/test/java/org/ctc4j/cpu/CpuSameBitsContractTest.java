package org.ctc4j.cpu;

import org.ctc4j.SameBitsContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: same bits")
class CpuSameBitsContractTest extends SameBitsContract {
  CpuSameBitsContractTest() {
    super(new TestedCpu());
  }
}
