package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.InputKind;

/**
 * Stage 1: per frame the log-sum-exp over all classes, softmax × weight into the gradient, and the
 * label probabilities. The one full read of the logits and the one full write of the gradient.
 *
 * <pre>
 * sum = Σ_c e^(x(c) − shift);  ln p(c) = x(c) − shift − ln sum
 * </pre>
 *
 * <p>The shift is 0, which spares a pass and all rounding of differences, unless the sum then shows
 * that numbers were too large or too small for a float: only then is it the largest logit. The row
 * is gone through twice, but comes from memory once, and what e<sup>x − shift</sup> was is kept in
 * the gradient itself. Where one class of the target has more than half of the probability
 * ("certain" frames) the others are summed once more without it, so that −ln p = log1p(Σ others)
 * keeps its relative precision near 0.
 *
 * <p>Rejected: one pass with a running maximum, which multiplies the exponentials by two.
 */
final class FrameStage {
  /** Between these, no number that counts was cut off above or below. */
  private static final double LEAST_SUM = 0x1p-40;

  private static final double LARGEST_SUM = 0x1p80;

  /** ln of these, and a little between. */
  private static final double LEAST_UNSHIFTED = -27.5;

  private static final double LARGEST_UNSHIFTED = 55;

  /** Of exponentials in float64: e to the −700, and a little more. */
  private static final double LEAST_EXP = 1e-304;

  private FrameStage() {}

  /**
   * Whether a frame with such a log-sum-exp may have been given a shift: then the differences to it
   * were rounded.
   */
  static boolean mayBeShifted(double logSum) {
    return !(logSum > LEAST_UNSHIFTED && logSum < LARGEST_UNSHIFTED);
  }

  /** Frames [from, to) of the utterance; other threads may do others at the same time. */
  static void compute(Utterance u, int from, int to, Scratch scratch) {
    int most = FrameBlock.most(u.classes);
    for (int t = from; t < to; t += most) {
      int count = Math.min(most, to - t);
      if (!start(u, t, count, scratch)) {
        u.markNotFinite();
        return;
      }
      boolean representable = u.emissions.put(t, count, scratch);
      boolean possible = true;
      for (int i = t; i < t + count; i++) {
        possible &= u.emissions.logBest[i] > Double.NEGATIVE_INFINITY;
      }
      u.addFrames(possible, representable);
    }
  }

  /** All of it but the label probabilities. Returns false if a row is not finite. */
  private static boolean start(Utterance u, int from, int count, Scratch scratch) {
    boolean doubles = scratch.logits.isDouble();
    if (u.input == InputKind.LOGITS) {
      return doubles
          ? normaliseDoubles(u, from, count, scratch)
          : normalise(u, from, count, scratch);
    }
    if (!(doubles ? takeDoubles(u, from, count, scratch) : take(u, from, count, scratch))) {
      return false;
    }
    Emissions emissions = u.emissions;
    emissions.findBest(from, count, scratch.logits, scratch);
    for (int t = from; t < from + count; t++) {
      emissions.logSum[t] = 0;
      double best = emissions.best[t];
      emissions.set(t, emissions.isImpossible(t, best) ? Double.NEGATIVE_INFINITY : best);
    }
    return true;
  }

  private static boolean normalise(Utterance u, int from, int count, Scratch scratch) {
    FrameBlock block = scratch.block;
    LogitRows x = scratch.logits;
    GradientRows out = scratch.gradient;
    Kernels kernels = scratch.kernels;
    int classes = u.classes;
    x.seek(from, count, block);
    out.seek(from, count, block);
    kernels.exp(x.array, count, classes, out.array, block);
    for (int i = 0; i < count; i++) {
      block.shifts[i] = 0;
      if (!(block.sums[i] > LEAST_SUM && block.sums[i] < LARGEST_SUM)
          && !shift(x, out, classes, block, i, kernels)) {
        return false;
      }
    }
    u.emissions.findBest(from, count, x, scratch);
    for (int i = 0; i < count; i++) {
      probability(u, from + i, i, scratch);
    }
    if (u.wantsGradient) {
      for (int i = 0; i < count; i++) {
        float factor = (float) (out.factor / block.sums[i]);
        kernels.scale(out.array, block.outAt[i], classes, factor);
      }
      out.store(from, count);
    }
    return true;
  }

  /** Row i once more, less its largest number. Returns false if it is not finite. */
  private static boolean shift(
      LogitRows x, GradientRows out, int classes, FrameBlock block, int i, Kernels kernels) {
    float shift = kernels.max(x.array, block.at[i], classes);
    if (!kernels.finite(x.array, block.at[i], classes)) {
      return false;
    }
    if (shift == Float.NEGATIVE_INFINITY) {
      block.sums[i] = 0;
      return true;
    }
    block.sums[i] = kernels.exp(x.array, block.at[i], classes, shift, out.array, block.outAt[i]);
    block.shifts[i] = shift;
    return true;
  }

  /** That of the best column of frame t, the i-th of the block. */
  private static void probability(Utterance u, int t, int i, Scratch scratch) {
    FrameBlock block = scratch.block;
    float[] row = scratch.gradient.array;
    int column = mayBeCertain(u, t, i, block) ? u.emissions.bestColumn(t, i, scratch) : -1;
    if (column < 0 || 2.0 * row[block.outAt[i] + u.target.classOf[column]] <= block.sums[i]) {
      column = certain(u, t, i, block.shifts[i], block.sums[i], scratch);
    }
    if (column >= 0) {
      int bestAt = block.outAt[i] + u.target.classOf[column];
      float ofBest = row[bestAt];
      row[bestAt] = 0;
      double others = scratch.kernels.sum(row, block.outAt[i], u.classes) / ofBest;
      row[bestAt] = ofBest;
      u.emissions.setCertain(t, column, others);
    }
  }

  /**
   * Whether to look for a certain class, so as to be spared a logarithm where there is one: for a
   * binary logarithm there are the bits of the sum, a little less than that.
   */
  private static boolean mayBeCertain(Utterance u, int t, int i, FrameBlock block) {
    double log = Double.doubleToRawLongBits(block.sums[i]) * 0x1p-52 - 1023;
    return u.emissions.best[t] - block.shifts[i] > Kernels.LN2 * (log - 1);
  }

  /**
   * Finds the probability of the best column of frame t, the i-th of the block, from Σ e<sup>x −
   * shift</sup>. Returns the column if it is certain, else −1.
   */
  private static int certain(Utterance u, int t, int i, double shift, double sum, Scratch scratch) {
    Emissions emissions = u.emissions;
    double logOfSum = Math.log(sum);
    double best = emissions.best[t];
    emissions.logSum[t] = shift + logOfSum;
    // in this order: the shift may dwarf the logarithm
    double log =
        emissions.isImpossible(t, best) ? Double.NEGATIVE_INFINITY : best - shift - logOfSum;
    emissions.set(t, log);
    return emissions.certainColumn(t, i, log, scratch);
  }

  /** Float64 logits stay so throughout. */
  private static boolean normaliseDoubles(Utterance u, int from, int count, Scratch scratch) {
    int classes = u.classes;
    int lanes = scratch.kernels.lanes();
    int length = (classes + lanes - 1) / lanes * lanes;
    double[] x = scratch.float64Row(length);
    u.emissions.findBest(from, count, scratch.logits, scratch);
    for (int i = 0; i < count; i++) {
      int t = from + i;
      scratch.logits.copy(t, x);
      double max = max(x, classes);
      if (!(max < Double.POSITIVE_INFINITY)) {
        return false;
      }
      double shift = max == Double.NEGATIVE_INFINITY ? 0 : max;
      Arrays.fill(x, classes, length, shift);
      scratch.block.shifts[0] = shift;
      DoubleRows row = scratch.rows(x, 1, length);
      double least = scratch.kernels.exp(row, scratch.block.shifts, 0, x, 0);
      if (least <= LEAST_EXP) {
        cutOff(x, classes);
      }
      double sum = sumWithout(-1, x, classes);
      int column = certain(u, t, i, shift, sum, scratch);
      if (column >= 0) {
        int best = u.target.classOf[column];
        u.emissions.setCertain(t, column, sumWithout(best, x, classes) / x[best]);
      }
      if (u.wantsGradient) {
        scratch.gradient.store(t, x, 1 / sum);
      }
    }
    return true;
  }

  /** NaN if any is. */
  private static double max(double[] x, int n) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < n; c++) {
      max = Math.max(max, x[c]);
    }
    return max;
  }

  /** Makes exponentials 0 that were cut off below. */
  private static void cutOff(double[] e, int n) {
    for (int c = 0; c < n; c++) {
      e[c] = e[c] <= LEAST_EXP ? 0 : e[c];
    }
  }

  /** The sum of all but that at one place. */
  private static double sumWithout(int place, double[] x, int n) {
    double sum = 0;
    for (int c = 0; c < n; c++) {
      sum += c == place ? 0 : x[c];
    }
    return sum;
  }

  /** Log-probabilities, probabilities and scores are taken as they come. */
  private static boolean take(Utterance u, int from, int count, Scratch scratch) {
    FrameBlock block = scratch.block;
    LogitRows x = scratch.logits;
    Kernels kernels = scratch.kernels;
    x.seek(from, count, block);
    for (int i = 0; i < count; i++) {
      if (!kernels.finite(x.array, block.at[i], u.classes)) {
        return false;
      }
    }
    if (u.wantsGradient) {
      GradientRows out = scratch.gradient;
      out.seek(from, count, block);
      for (int i = 0; i < count; i++) {
        softmaxTerm(u, x, out, block.at[i], block.outAt[i], kernels);
      }
      out.store(from, count);
    }
    return true;
  }

  private static boolean takeDoubles(Utterance u, int from, int count, Scratch scratch) {
    double[] x = scratch.float64Row(u.classes);
    for (int t = from; t < from + count; t++) {
      scratch.logits.copy(t, x);
      if (!(max(x, u.classes) < Double.POSITIVE_INFINITY)) {
        return false;
      }
      if (u.wantsGradient) {
        for (int c = 0; c < u.classes; c++) {
          x[c] = u.softmaxTerm ? u.probability(x[c]) : 0;
        }
        scratch.gradient.store(t, x, 1);
      }
    }
    return true;
  }

  private static void softmaxTerm(
      Utterance u, LogitRows x, GradientRows out, int at, int outAt, Kernels kernels) {
    if (!u.softmaxTerm) {
      Arrays.fill(out.array, outAt, outAt + u.classes, 0);
    } else if (u.input == InputKind.PROBABILITIES) {
      for (int c = 0; c < u.classes; c++) {
        out.array[outAt + c] = Math.max(x.array[at + c], 0) * out.factor;
      }
    } else if (kernels.max(x.array, at, u.classes) < Kernels.EXP_MOST) {
      kernels.exp(x.array, at, u.classes, 0, out.array, outAt);
      kernels.scale(out.array, outAt, u.classes, out.factor);
    } else {
      for (int c = 0; c < u.classes; c++) {
        out.array[outAt + c] = (float) (Math.exp(x.array[at + c]) * out.factor);
      }
    }
  }
}
