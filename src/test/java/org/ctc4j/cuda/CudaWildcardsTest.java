package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What there are no kernels for is refused, with what to do instead. */
@OnDevice
class CudaWildcardsTest {
  private static final FrameTensor LOGITS = FrameTensor.timeMajor(new float[2 * 6 * 3], 6, 2, 3);

  private static CtcBatch batch(Wildcards wildcards, int... second) {
    Targets targets = Targets.of(new int[] {1, 2}, second);
    return CtcBatch.of(LOGITS, targets.withWildcards(wildcards));
  }

  @Test
  @DisplayName("Wildcards are refused, by the loss, naming the utterance")
  void refused() {
    CtcBatch star = batch(Wildcards.DEFAULT, 1, Wildcards.FRAMES);
    CtcBatch skipped = batch(Wildcards.DEFAULT.withSkipCost(3), 1);
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      assertRefused(
          "targets: cuda takes no wildcards and leaves out no labels, expected none or the cpu backend, got some in utterance 1",
          () -> ctc.lossAndGradient(star));
      assertRefused(
          "targets: cuda takes no wildcards and leaves out no labels, expected none or the cpu backend, got some in utterance 0",
          () -> ctc.loss(skipped));
    }
  }

  @Test
  @DisplayName("Where they are allowed and there are none, they change nothing")
  void none() {
    CtcBatch allowed = batch(Wildcards.DEFAULT, 1, 1);
    CtcBatch plain = CtcBatch.of(LOGITS, Targets.of(new int[] {1, 2}, new int[] {1, 1}));
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      assertEquals(CtcStatus.OK, ctc.loss(allowed).status(1));
      assertEquals(ctc.loss(plain).loss(), ctc.loss(allowed).loss());
    }
  }

  private static void assertRefused(String message, Executable call) {
    assertEquals(message, assertThrows(InvalidInputException.class, call).getMessage());
  }
}
