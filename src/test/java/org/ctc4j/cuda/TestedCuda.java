package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.ctc4j.NearlyCertainCase;
import org.ctc4j.TestedBackend;

/** A GPU, or the emulated driver, which steps every thread of a warp by itself. */
final class TestedCuda implements TestedBackend {
  @Override
  public Ctc engine(EngineOptions options) {
    Ctc engine = Ctc.create(Backend.CUDA, options);
    assertInstanceOf(CudaCtc.class, engine);
    TestDriver.assertDevice(engine.device());
    return engine;
  }

  @Override
  public double lossTolerance() {
    return 1e-6;
  }

  @Override
  public double gradientTolerance() {
    return 1e-5;
  }

  @Override
  public int manyFrames() {
    return TestDriver.isGpu() ? TestedBackend.super.manyFrames() : 20_000;
  }

  /** 10,000 frames take the emulated driver some 6 seconds: there once. */
  @Override
  public boolean isPromised(NearlyCertainCase one) {
    return TestDriver.isGpu() || one.frames() < 10_000 || one.margin() == 40;
  }
}
