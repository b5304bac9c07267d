package org.ctc4j.frameworks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.Reduction;
import org.ctc4j.Targets;

/**
 * Five utterances of random logits: of different lengths, with repeats, without labels, and one
 * that does not fit. And eight that can be learned: labels of two to four frames, under noise.
 */
final class Utterances {
  static final int FRAMES = 14;
  static final int CLASSES = 5;
  static final int[][] LABELS = {
    {1, 2, 3}, {2, 2, 4}, {}, {3, 3, 3, 3, 3, 3}, {4, 1, 1, 1, 2},
  };
  static final int[] INPUT_LENGTHS = {14, 9, 5, 10, 13};
  static final int COUNT = LABELS.length;
  static final CtcOptions SUM = CtcOptions.DEFAULT.withReduction(Reduction.SUM);
  static final CtcOptions MEAN = CtcOptions.DEFAULT.withReduction(Reduction.MEAN);

  static final int LEARNED_FRAMES = 24;
  static final int LEARNED_COUNT = 8;
  static final int STEPS = 30;

  private Utterances() {}

  static Targets targets() {
    return Targets.of(LABELS);
  }

  /** (T, N, C), from a seed that is printed. */
  static float[] logits() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    float[] logits = new float[FRAMES * COUNT * CLASSES];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    return logits;
  }

  /**
   * Losses and statuses are the reference's, and so is the gradient, as a norm ratio.
   *
   * @param logits (T, N, C)
   * @param gradient (T, N, C), as the framework has it
   */
  static void assertReference(float[] logits, float[] gradient, CtcLosses got, double bound) {
    FrameTensor frames = FrameTensor.timeMajor(logits, FRAMES, COUNT, CLASSES);
    CtcResult expected;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      expected = reference.lossAndGradient(CtcBatch.of(frames, targets(), INPUT_LENGTHS), SUM);
    }
    assertArrayEquals(expected.losses(), got.losses(), 1e-5);
    for (int n = 0; n < COUNT; n++) {
      assertEquals(n == 3 ? CtcStatus.INFEASIBLE : CtcStatus.OK, got.statuses().get(n));
    }
    assertEquals(Double.POSITIVE_INFINITY, got.reduced());
    float[] reference = expected.gradient().toFloatArray();
    assertEquals(reference.length, gradient.length);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < reference.length; i++) {
      difference += Math.pow(gradient[i] - (double) reference[i], 2);
      norm += Math.pow(reference[i], 2);
    }
    double ratio = Math.sqrt(difference / norm);
    System.out.println("gradient off by " + ratio);
    assertTrue(ratio <= bound, "gradient off by " + ratio);
  }

  /** (N, T, C) of {@value #LEARNED_COUNT} utterances, and in {@code targets} their labels. */
  static float[] learnable(int[][] targets) {
    Random random = new Random(7);
    float[] features = new float[LEARNED_COUNT * LEARNED_FRAMES * CLASSES];
    for (int n = 0; n < LEARNED_COUNT; n++) {
      targets[n] = new int[4];
      int t = 0;
      for (int i = 0; i < targets[n].length; i++) {
        targets[n][i] = 1 + random.nextInt(CLASSES - 1);
        t += 1 + random.nextInt(2);
        for (int last = t + 2 + random.nextInt(3); t < last; t++) {
          features[(n * LEARNED_FRAMES + t) * CLASSES + targets[n][i]] = 2;
        }
      }
    }
    for (int i = 0; i < features.length; i++) {
      features[i] += (float) (0.3 * random.nextGaussian());
    }
    return features;
  }

  static int[] learnableLengths() {
    int[] lengths = new int[LEARNED_COUNT];
    Arrays.fill(lengths, LEARNED_FRAMES);
    return lengths;
  }

  /** Of a linear model, by its losses. */
  static void assertLearned(double[] losses) {
    System.out.println("loss from " + losses[0] + " to " + losses[losses.length - 1]);
    assertTrue(losses[losses.length - 1] < 0.5 * losses[0]);
  }
}
