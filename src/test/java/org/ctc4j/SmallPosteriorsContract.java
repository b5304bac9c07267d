package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Posteriors next to 0 keep their digits, on every backend. Right values are sums of positive
 * products over all paths, which lose none.
 */
public abstract class SmallPosteriorsContract {
  private static final int FRAMES = 6;
  private static final int CLASSES = 3;

  private final Random random = Seed.random(getClass());
  private Ctc ctc;

  /** A new engine of the backend under test; fails if another would be picked. */
  protected abstract Ctc engine();

  /** Allowed error of a posterior, relative. */
  protected abstract double tolerance();

  /** Of a state, and of a class: less may be any number up to it. */
  protected double least() {
    return 1e-30;
  }

  @BeforeEach
  void open() {
    ctc = engine();
  }

  @AfterEach
  void close() {
    ctc.close();
  }

  @Test
  @DisplayName(
      "Posteriors of nearly certain utterances, next to 0, are right relative to themselves")
  void nextToZero() {
    for (double margin : new double[] {1, 5, 12, 20, 30, 45, 60}) {
      for (int i = 0; i < 10; i++) {
        check(margin, "margin " + margin + ", utterance " + i);
      }
    }
  }

  private void check(double margin, String what) {
    int[] path = new int[FRAMES];
    Arrays.setAll(path, t -> random.nextInt(CLASSES));
    int[] target = BruteForce.collapse(path, 0);
    float[] numbers = new float[FRAMES * CLASSES];
    double[][] logits = new double[FRAMES][CLASSES];
    for (int t = 0; t < FRAMES; t++) {
      for (int c = 0; c < CLASSES; c++) {
        float x = (float) (random.nextGaussian() + (c == path[t] ? margin : 0));
        numbers[t * CLASSES + c] = x;
        logits[t][c] = x;
      }
    }
    FrameTensor tensor = FrameTensor.timeMajor(numbers, FRAMES, 1, CLASSES);
    CtcBatch batch = CtcBatch.of(tensor, Targets.of(target));
    FrameTensor ofClasses = tensor.zerosLike(ElementType.FLOAT32);
    FrameTensor ofStates = tensor.zerosLike(ElementType.FLOAT32, 2 * target.length + 1);
    CtcResult result =
        CtcResult.ofLosses(1).withPosteriors(ofClasses).withStatePosteriors(ofStates);
    ctc.compute(batch, CtcOptions.DEFAULT, result);
    BruteForce expected = new BruteForce(logits, target, 0);
    for (int t = 0; t < FRAMES; t++) {
      for (int c = 0; c < CLASSES; c++) {
        String where = what + ", frame " + t + ", class " + c;
        assertNear(
            counted(expected, target, t, c),
            expected.posterior(t, c),
            ofClasses.get(t, 0, c),
            where);
      }
      for (int s = 0; s <= 2 * target.length; s++) {
        String where = what + ", frame " + t + ", state " + s;
        double posterior = expected.statePosterior(t, s);
        assertNear(posterior, posterior, ofStates.get(t, 0, s), where);
      }
    }
  }

  /** Of class c without states that are less than the least: these may be any number up to it. */
  private double counted(BruteForce expected, int[] target, int t, int c) {
    double counted = 0;
    for (int s = 0; s <= 2 * target.length; s++) {
      int held = s % 2 == 0 ? 0 : target[s / 2];
      double posterior = expected.statePosterior(t, s);
      counted += held == c && posterior >= least() ? posterior : 0;
    }
    return counted;
  }

  private void assertNear(double counted, double expected, double got, String what) {
    boolean near =
        expected < least()
            ? got >= 0 && got <= least()
            : got >= counted * (1 - tolerance()) && got <= expected * (1 + tolerance());
    assertTrue(near, () -> what + ": expected " + expected + ", got " + got);
  }
}
