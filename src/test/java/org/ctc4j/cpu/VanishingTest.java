package org.ctc4j.cpu;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients that all but vanish although the loss does not. */
class VanishingTest {
  /**
   * Two classes, every other frame certain of the blank; the label has in the others the share that
   * the target gives it, but for a little.
   */
  private static CtcBatch batch(int frames, int labels, double little, Random random) {
    double logit = Math.log(labels / (frames / 2.0 - labels));
    float[] x = new float[2 * frames];
    for (int t = 0; t < frames; t++) {
      x[2 * t] = (float) (3 * random.nextGaussian());
      double label = t % 2 == 0 ? -25 : logit + little * random.nextGaussian();
      x[2 * t + 1] = (float) (x[2 * t] + label);
    }
    int[] target = new int[labels];
    Arrays.fill(target, 1);
    return CtcBatch.of(FrameTensor.timeMajor(x, frames, 1, 2), Targets.of(target));
  }

  @ParameterizedTest
  @CsvSource({"10,2", "20,5", "40,10", "60,15", "100,12", "1000,125"})
  @DisplayName("Frames in turn certain and flat: 1e-5 of what is left")
  void certainAndFlat(int frames, int labels) {
    int seeds = frames < 1000 ? 50 : 10; // whose frames are as many cases
    for (int seed = 0; seed < seeds; seed++) {
      for (double little : new double[] {1e-4, 1e-3, 1e-2}) {
        CtcBatch batch = batch(frames, labels, little, new Random(seed));
        CtcResult expected;
        try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
          expected = reference.lossAndGradient(batch, CtcOptions.DEFAULT);
        }
        String what = "seed %d, %s".formatted(seed, little);
        try (Ctc ctc = Ctc.create(Backend.CPU)) {
          CtcResult got = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
          Agreement.assertGradient(expected, got, 0, 1e-15 * frames, () -> what);
        }
      }
    }
  }
}
