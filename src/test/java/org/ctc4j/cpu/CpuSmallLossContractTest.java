package org.ctc4j.cpu;

import org.ctc4j.SmallLossContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: small losses")
class CpuSmallLossContractTest extends SmallLossContract {
  CpuSmallLossContractTest() {
    super(new TestedCpu());
  }
}
