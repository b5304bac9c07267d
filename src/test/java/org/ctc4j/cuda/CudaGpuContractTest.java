package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcContract;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The contract, on a GPU and NVIDIA's driver: with {@code -Dctc4j.gpu=true}, in a JVM of its own.
 * See scripts/gpu-bundle.
 */
@EnabledIfSystemProperty(named = "ctc4j.gpu", matches = "true")
class CudaGpuContractTest extends CtcContract {
  @Override
  protected Ctc engine(EngineOptions options) {
    Ctc engine = Ctc.create(Backend.CUDA, options);
    assertInstanceOf(CudaCtc.class, engine);
    assertFalse(engine.device().startsWith("Emulated"), engine::device);
    return engine;
  }

  @Override
  protected double lossTolerance() {
    return 1e-6;
  }

  @Override
  protected double gradientTolerance() {
    return 1e-5;
  }
}
