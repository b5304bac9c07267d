package org.ctc4j.cpu;

import org.ctc4j.ClassOffsetsContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: class offsets")
class CpuClassOffsetsContractTest extends ClassOffsetsContract {
  CpuClassOffsetsContractTest() {
    super(new TestedCpu());
  }
}
