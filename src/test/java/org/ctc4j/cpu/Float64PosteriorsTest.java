package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class Float64PosteriorsTest {
  private static final int FRAMES = 40;
  private static final int UTTERANCES = 3;
  private static final int CLASSES = 6;
  private static final int LABELS = 9;

  /** (T, N, width) of float64. */
  private static FrameTensor place(int width) {
    return FrameTensor.timeMajor(
        new double[FRAMES * UTTERANCES * width], FRAMES, UTTERANCES, width);
  }

  private static CtcResult compute(Backend backend, CtcBatch batch, CtcOptions options) {
    int states = 2 * batch.targets().maxLength() + 1;
    CtcResult result =
        CtcResult.ofLosses(UTTERANCES)
            .withPosteriors(place(CLASSES))
            .withStatePosteriors(place(states));
    try (Ctc ctc = Ctc.create(backend)) {
      ctc.compute(batch, options, result);
    }
    return result;
  }

  @Test
  @DisplayName("Of float64 logits posteriors in float64 are good to its rounding")
  void staysFloat64() {
    Random random = Seed.random(getClass());
    for (double deviation : new double[] {0.1, 1, 5}) {
      for (int i = 0; i < 10; i++) {
        TestBatch batch = TestBatch.random(random, FRAMES, UTTERANCES, CLASSES, LABELS, deviation);
        CtcResult expected = compute(Backend.REFERENCE, batch.batch(), batch.options());
        CtcResult got = compute(Backend.CPU, batch.batch(), batch.options());
        assertNear(expected.posteriors(), got.posteriors());
        assertNear(expected.statePosteriors(), got.statePosteriors());
      }
    }
  }

  private static void assertNear(FrameTensor expected, FrameTensor got) {
    for (int n = 0; n < UTTERANCES; n++) {
      for (int t = 0; t < FRAMES; t++) {
        for (int c = 0; c < expected.classes(); c++) {
          String where = "utterance %d, frame %d, column %d".formatted(n, t, c);
          assertEquals(expected.get(t, n, c), got.get(t, n, c), 1e-12, where);
        }
      }
    }
  }
}
