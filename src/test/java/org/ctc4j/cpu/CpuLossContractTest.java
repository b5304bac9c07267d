package org.ctc4j.cpu;

import org.ctc4j.LossContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: loss")
class CpuLossContractTest extends LossContract {
  CpuLossContractTest() {
    super(new TestedCpu());
  }
}
