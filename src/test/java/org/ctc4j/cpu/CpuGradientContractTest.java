package org.ctc4j.cpu;

import org.ctc4j.GradientContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: gradient")
class CpuGradientContractTest extends GradientContract {
  CpuGradientContractTest() {
    super(new TestedCpu());
  }
}
