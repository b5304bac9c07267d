package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.ctc4j.ElementType;
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

  /** On the emulated driver enough for exponents past 2^32. */
  @Override
  public int manyFrames() {
    return TestDriver.isGpu() ? TestedBackend.super.manyFrames() : TestDriver.shareOf(5_000);
  }

  /**
   * 10,000 frames take the emulated driver some 6 seconds: there once, and 1000 for one type, for
   * what comes after the logits are read is the same for all.
   */
  @Override
  public boolean isPromised(NearlyCertainCase one, ElementType type) {
    boolean isLong = one.frames() >= 1000;
    boolean isLongest = one.frames() >= 10_000;
    return TestDriver.isGpu()
        || !isLong
        || TestDriver.shareOf(2) == 2
            && type == ElementType.FLOAT32
            && (!isLongest || one.margin() == 40);
  }

  /** On the PTX, whose sources have all of them. */
  @Override
  public double[] certainties(int frames, int labels, double... all) {
    boolean isLong = (long) frames * labels > 200_000;
    return isLong && TestDriver.shareOf(2) < 2 ? new double[] {all[all.length / 2]} : all;
  }

  /** An utterance takes the emulated driver some 3 ms, every access of its threads checked. */
  @Override
  public int draws(int all) {
    return TestDriver.isGpu() ? all : TestDriver.shareOf(all / 8);
  }
}
