package org.ctc4j.cpu;

import org.ctc4j.WildcardContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: wildcards")
class CpuWildcardContractTest extends WildcardContract {
  CpuWildcardContractTest() {
    super(new TestedCpu());
  }
}
