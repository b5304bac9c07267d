package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kernel that is shipped, as it is shipped. */
@Emulated
@Tag("ptx-alone")
class PtxKernelsTest {
  @AfterEach
  void nothingIsFound() {
    assertEquals("", Emulator.finding());
    assertEquals("", Emulator.leaks());
  }

  @Test
  @DisplayName("Every kernel agrees with the reference, in every element type")
  void everyKernel() {
    KernelCheck.checkHostBatches();
    KernelCheck.checkDeviceBatch(5);
  }

  @ParameterizedTest
  @CsvSource({"90, 40, 4", "300, 140, 1", "300, 140, 4", "620, 300, 1"})
  @DisplayName("Utterances of several warps that are walked in logarithms agree with the reference")
  void logarithms(int frames, int labels, int multiprocessors) {
    Emulator.set("multiprocessors", multiprocessors); // with one, none is split
    TestBatch batch = TestBatch.random(Seed.random(getClass()), frames, 2, 5, labels, 1e7);
    try (Ctc cuda = Ctc.create(Backend.CUDA);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = reference.lossAndGradient(batch.batch(), batch.options());
      CtcResult got = cuda.lossAndGradient(batch.batch(), batch.options());
      for (int n = 0; n < got.utterances(); n++) {
        assertEquals(expected.status(n), got.status(n));
        Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> "loss");
      }
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> "gradient");
    }
  }
}
