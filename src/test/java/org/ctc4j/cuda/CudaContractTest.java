package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcContract;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.ctc4j.NearlyCertainCase;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The contract. On the emulated driver every access of the kernels is checked; {@code
 * -Dctc4j.checking=0} leaves that out and takes two thirds of the time.
 */
@OnDevice
@Tag("ptx")
class CudaContractTest extends CtcContract {
  private static long launches;

  @BeforeEach
  void settings() {
    TestDriver.set("checking", Long.getLong("ctc4j.checking", 1));
  }

  @Override
  protected Ctc engine(EngineOptions options) {
    Ctc engine = Ctc.create(Backend.CUDA, options);
    assertInstanceOf(CudaCtc.class, engine);
    TestDriver.assertDevice(engine.device());
    return engine;
  }

  @Override
  protected int repeats(int usual) {
    return TestDriver.shareOf(usual);
  }

  /** A million are for a GPU: an emulation steps every thread of a warp by itself. */
  @Override
  protected int manyFrames() {
    return TestDriver.isGpu() ? super.manyFrames() : TestDriver.shareOf(20_000);
  }

  /** 10,000 frames take the emulated driver some 6 seconds: there once. */
  @Override
  protected boolean isPromised(NearlyCertainCase one) {
    return TestDriver.isGpu()
        || one.frames() < TestDriver.shareOf(10_000)
        || (one.margin() == 40 && TestDriver.shareOf(10_000) == 10_000);
  }

  @Override
  protected double lossTolerance() {
    return 1e-6;
  }

  @Override
  protected double gradientTolerance() {
    return 1e-5;
  }

  @Test
  @DisplayName("A batch too large for the workspace goes through in chunks")
  void chunks() {
    TestBatch batch = TestBatch.random(Seed.random(getClass()), 40, 5, 6, 8, 2);
    try (Ctc whole = engine(EngineOptions.DEFAULT);
        Ctc chunked = engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      CtcResult expected = whole.lossAndGradient(batch.batch(), batch.options());
      TestDriver.resetCounts();
      CtcResult got = chunked.lossAndGradient(batch.batch(), batch.options());
      TestDriver.assertLaunches(5, "ctc_prepare");
      Agreement.assertSameBits(expected, got, () -> "in chunks");
    }
  }

  @AfterEach
  void countLaunches() {
    launches += TestDriver.launches("");
    TestDriver.assertNoFindings();
  }

  @AfterAll
  static void theKernelsRan() {
    assertTrue(
        launches > 0 || !TestDriver.isEmulated(),
        "no kernel was launched: something else computed");
  }
}
