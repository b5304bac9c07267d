package org.ctc4j.host;

import java.util.Arrays;
import java.util.Locale;
import org.ctc4j.FrameTensor;

/**
 * Whether numbers that are said to be log-probabilities can be: none above 0 and each frame's
 * probabilities with a sum of 1, as far as rounding and pruned classes allow.
 *
 * <p>All used frames are gone through once with a coarse exponential. Only where that finds
 * something, {@code Math.exp} decides.
 *
 * <p>The loops are those that C2 makes vectors of: short, over arrays from their first element on,
 * and what is added up goes into as many sums as a block has places. So e<sup>x</sup> costs less
 * than a comparison that would spare it.
 */
final class LogProbCheck extends InputCheck {
  /** The coarse sum is at most 1 % too large, and as good as never too small. */
  private static final double LEAST_COARSE_SUM = 1 - SUM_TOLERANCE + 0.01;

  private static final double LARGEST_COARSE_SUM = 1 + SUM_TOLERANCE - 0.001;

  /** Below this e^x counts as nothing: 10^24 such classes could not matter. */
  private static final float LEAST = -64;

  private static final int BLOCK = 1024;

  private final FrameTensor logProbs;
  private final double tolerance; // of a single number
  private final float[] x = new float[BLOCK];
  private final float[] exp = new float[BLOCK];
  private final float[] sums = new float[BLOCK]; // of all blocks of a long row, place by place
  private final float[] largest = new float[BLOCK]; // of all blocks of an utterance

  LogProbCheck(FrameTensor logProbs) {
    super(logProbs);
    this.logProbs = logProbs;
    this.tolerance = tolerance(logProbs, 1e-3);
  }

  @Override
  String fault(int n, int frames) {
    return passes(n, frames) ? null : super.fault(n, frames);
  }

  // ---- coarse ----

  /** False if there may be something wrong; NaN is nothing that passes. */
  private boolean passes(int n, int frames) {
    Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    int rows = Math.max(1, BLOCK / logProbs.classes());
    for (int t = 0; t < frames; t += rows) {
      boolean pass =
          logProbs.classes() > BLOCK
              ? longRowPasses(n, t)
              : rowsPass(n, t, Math.min(rows, frames - t));
      if (!pass) {
        return false;
      }
    }
    for (float number : largest) {
      if (!(number <= tolerance)) {
        return false;
      }
    }
    return true;
  }

  private boolean rowsPass(int n, int from, int count) {
    int classes = logProbs.classes();
    for (int i = 0; i < count; i++) {
      read(n, from + i, 0, i * classes, classes);
    }
    exponentials(count * classes);
    for (int i = 0; i < count; i++) {
      if (!isNearOne(sum(exp, i * classes, classes))) {
        return false;
      }
    }
    return true;
  }

  private boolean longRowPasses(int n, int t) {
    Arrays.fill(sums, 0);
    for (int c = 0; c < logProbs.classes(); c += BLOCK) {
      int count = Math.min(BLOCK, logProbs.classes() - c);
      read(n, t, c, 0, count);
      exponentials(count);
      for (int i = 0; i < count; i++) {
        sums[i] += exp[i];
      }
    }
    return isNearOne(sum(sums, 0, BLOCK));
  }

  private void read(int n, int t, int c, int into, int count) {
    logProbs.elements().read(logProbs.index(t, n, c), logProbs.classStride(), x, into, count);
  }

  /**
   * Of the first numbers of the block, about: (1 + y + y²/2)^256 with y = x / 256 is too large by
   * |x|³ / 393216, which is 1 % at −15.
   */
  private void exponentials(int count) {
    for (int i = 0; i < count; i++) {
      largest[i] = Math.max(largest[i], x[i]);
    }
    for (int i = 0; i < count; i++) {
      float y = Math.max(x[i], LEAST) * 0x1p-8f;
      exp[i] = 1 + y * (1 + 0.5f * y);
    }
    power16(count);
    power16(count);
  }

  private void power16(int count) {
    for (int i = 0; i < count; i++) {
      float p = exp[i] * exp[i];
      p *= p;
      p *= p;
      exp[i] = p * p;
    }
  }

  private static boolean isNearOne(double sum) {
    return sum >= LEAST_COARSE_SUM && sum <= LARGEST_COARSE_SUM;
  }

  // ---- exact ----

  @Override
  String faultOfFrame(int n, int t) {
    int best = 0;
    double sum = 0;
    double plainSum = 0;
    boolean negative = false;
    for (int c = 0; c < logProbs.classes(); c++) {
      double number = logProbs.get(t, n, c);
      if (!(number < Double.POSITIVE_INFINITY)) {
        return null; // its utterance gets the status NOT_FINITE
      }
      best = number > logProbs.get(t, n, best) ? c : best;
      sum += Math.exp(number);
      plainSum += number;
      negative |= number < 0;
    }
    double most = logProbs.get(t, n, best);
    if (most == Double.NEGATIVE_INFINITY) {
      return null; // no class is possible: its utterance is infeasible
    }
    String where = where(n, t);
    if (most > tolerance) {
      boolean probabilities = !negative && isOne(plainSum);
      return where
          + "class %d has log-probability %s, expected at most 0; are these %s"
              .formatted(
                  best,
                  text(most),
                  probabilities
                      ? "probabilities? input PROBABILITIES takes them"
                      : "logits? input LOGITS takes them, SCORES takes scores that need not sum to 1");
    }
    return isOne(sum)
        ? null
        : where
            + String.format(Locale.ROOT, "probabilities sum to %.4g, expected 1; ", sum)
            + "give natural logarithms for all classes; input LOGITS takes logits, SCORES takes"
            + " scores that need not sum to 1";
  }
}
