package org.ctc4j.cpu;

import org.ctc4j.ConsistencyContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: consistency")
class CpuConsistencyContractTest extends ConsistencyContract {
  CpuConsistencyContractTest() {
    super(new TestedCpu());
  }
}
