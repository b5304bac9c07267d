package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.HostileBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Batches made to hurt, against the reference. */
@OnDevice
@Tag("ptx")
class CudaRandomBatchesTest {
  /** A hundred take the emulated driver some 10 seconds. */
  private static final int BATCHES = TestDriver.shareOf(TestDriver.isGpu() ? 300 : 150);

  // not Seed: 1634198429 and 410266550 are batches whose loss, next to 0, this backend has too few
  // digits of
  private static final long FIRST_SEED = Long.getLong("ctc4j.seed", 0);

  @AfterEach
  void nothingIsFound() {
    TestDriver.assertNoFindings();
  }

  @Test
  @DisplayName(
      "Statuses, losses and gradients are the reference's; the same bits with the least memory")
  void agreeWithTheReference() {
    TestDriver.set("checking", 0);
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        Ctc cuda = Ctc.create(Backend.CUDA);
        Ctc frugal = Ctc.create(Backend.CUDA, EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      for (long seed = FIRST_SEED; seed < FIRST_SEED + BATCHES; seed++) {
        HostileBatch hostile = HostileBatch.of(seed);
        String what = "-Dctc4j.seed=" + seed;
        CtcResult expected = reference.lossAndGradient(hostile.batch(), hostile.options());
        CtcResult got = CtcResult.ofGradient(hostile.gradient());
        cuda.compute(hostile.batch(), hostile.options(), got);
        for (int n = 0; n < got.utterances(); n++) {
          assertEquals(expected.status(n), got.status(n), what);
          Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
          Agreement.assertGradient(expected, got, n, 1e-15, () -> what);
        }
        CtcResult whole = cuda.lossAndGradient(hostile.batch(), hostile.options());
        CtcResult inSegments = frugal.lossAndGradient(hostile.batch(), hostile.options());
        Agreement.assertSameBits(whole, inSegments, () -> what + ", in segments");
      }
    }
  }
}
