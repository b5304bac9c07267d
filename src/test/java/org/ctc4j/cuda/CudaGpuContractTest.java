package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcContract;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @ParameterizedTest(name = "{0} frames, {1} classes, {2} labels")
  @CsvSource({"30, 5000, 6", "60, 20, 12", "400, 30, 90", "3000, 40, 700"})
  @DisplayName("A gradient that vanishes keeps its digits where the model is sure of the target")
  void nearlyCertain(int frames, int classes, int labels) {
    try (Ctc whole = engine(EngineOptions.DEFAULT);
        Ctc frugal = engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      NearlyCertain.check(whole, frames, classes, labels);
      NearlyCertain.check(frugal, frames, classes, labels);
    }
  }
}
