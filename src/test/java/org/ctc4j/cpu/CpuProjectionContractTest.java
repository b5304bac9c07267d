package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.EngineOptions;
import org.ctc4j.ProjectionContract;

/** The contract, on the implementation that the build names; see the executions in pom.xml. */
class CpuProjectionContractTest extends ProjectionContract {
  @Override
  protected Ctc engine(EngineOptions options) {
    String wanted = System.getProperty(KernelChoice.PROPERTY);
    Ctc ctc = Ctc.create(Backend.CPU, options);
    assertTrue(wanted != null && ctc.device().contains(wanted), wanted + ", got " + ctc.device());
    return ctc;
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }
}
