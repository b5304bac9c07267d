package org.ctc4j.cpu;

import org.ctc4j.PosteriorContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: posteriors")
class CpuPosteriorContractTest extends PosteriorContract {
  CpuPosteriorContractTest() {
    super(new TestedCpu());
  }
}
