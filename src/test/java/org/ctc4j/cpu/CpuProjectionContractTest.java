package org.ctc4j.cpu;

import org.ctc4j.Ctc;
import org.ctc4j.EngineOptions;
import org.ctc4j.ProjectionContract;
import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: projections")
class CpuProjectionContractTest extends ProjectionContract {
  @Override
  protected Ctc engine(EngineOptions options) {
    return new TestedCpu().engine(options);
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }
}
