package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestedBackend;

/** The kernels that the build names, scalar or vector; see the executions in pom.xml. */
final class TestedCpu implements TestedBackend {
  @Override
  public Ctc engine(EngineOptions options) {
    String wanted = System.getProperty(KernelChoice.PROPERTY);
    Ctc ctc = Ctc.create(Backend.CPU, options);
    assertTrue(wanted != null && ctc.device().contains(wanted), wanted + ", got " + ctc.device());
    return ctc;
  }

  @Override
  public double lossTolerance() {
    return 1e-6;
  }

  @Override
  public double gradientTolerance() {
    return 1e-5;
  }
}
