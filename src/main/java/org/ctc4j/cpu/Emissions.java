package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Label probabilities of all frames of one utterance.
 *
 * <p>With ref(t) the largest logit among blank and labels, label i has e<sup>x(t, label_i) −
 * ref(t)</sup>, which enters the lattice, and all have the factor p(t, best) = e<sup>ref − max −
 * log-sum</sup> in common, whose logarithm is added up in float64 outside the lattice. So a frame
 * that is certain of its label is exactly 1 in the lattice, whatever its log-sum-exp, and no
 * rounding of it is multiplied up over the frames.
 *
 * <p>Columns are label positions, not classes, although labels repeat: gathering logits costs no
 * more than gathering probabilities from a table by class would, and saves that in both sweeps.
 */
final class Emissions {
  /** A label this many nats under its frame's log-sum-exp counts as impossible: 2^26. */
  private static final double IMPOSSIBLE_NATS = 0x1p26;

  /** The largest logit of each frame and the logarithm of Σ e^(x − max). */
  double[] rowMax = {};

  double[] rowLog = {};

  /** ln p(t, best) of each frame. */
  double[] logBest = {};

  private FrameTensor logits;
  private Elements elements;
  private long start;
  private Target target;
  private int blank;
  private int width;
  private boolean table;
  private float[] m = {};
  private int[] e = {};
  private float[] blankM = {};
  private int[] blankE = {};

  void begin(FrameTensor tensor, int n, Target labels, int blankClass, Plan plan) {
    logits = tensor;
    elements = tensor.elements();
    start = tensor.start(n);
    target = labels;
    blank = blankClass;
    width = plan.width();
    table = plan.table();
    int frames = plan.frames();
    rowMax = Grow.atLeast(rowMax, frames);
    rowLog = Grow.atLeast(rowLog, frames);
    logBest = Grow.atLeast(logBest, frames);
    if (table) {
      long length = (long) frames * width + plan.lanes();
      m = Grow.atLeast(m, length);
      e = Grow.atLeast(e, length);
      blankM = Grow.atLeast(blankM, frames);
      blankE = Grow.atLeast(blankE, frames);
    }
  }

  /**
   * Takes in frame t, whose rowMax and rowLog are known.
   *
   * @param row the logits of the frame
   * @return the largest exponent in it, as a number of bits ≥ 0; −1 if no label is possible
   */
  int put(int t, LogitRows row, Scratch scratch) {
    Emission emission = scratch.emission;
    if (table) {
      emission.m = m;
      emission.e = e;
      emission.at = t * width;
    }
    int bits = split(t, row, emission, scratch);
    logBest[t] = emission.logBest;
    if (table) {
      blankM[t] = emission.blankM;
      blankE[t] = emission.blankE;
    }
    return bits;
  }

  /** Moves {@code emission} to frame t. */
  void seek(int t, Emission emission, Scratch scratch) {
    if (emission.frame == t) {
      return;
    }
    emission.frame = t;
    if (table) {
      emission.m = m;
      emission.e = e;
      emission.at = t * width;
      emission.blankM = blankM[t];
      emission.blankE = blankE[t];
      emission.logBest = logBest[t];
    } else {
      split(t, null, emission, scratch);
    }
  }

  /** Fills a row; the logits of its labels are in {@code row}, or looked up where it is null. */
  private int split(int t, LogitRows row, Emission into, Scratch scratch) {
    int length = target.length;
    if (elements.type() == ElementType.FLOAT64) {
      lookUp(t, scratch.exact);
      return splitExactly(t, scratch.exact, into);
    }
    float[] x = scratch.gathered;
    if (row != null) {
      int[] labels = target.labels;
      for (int i = 0; i < length; i++) {
        x[i] = row.array[row.at + labels[i]];
      }
      x[length] = row.array[row.at + blank];
    } else {
      lookUp(t, x);
    }
    Arrays.fill(x, length + 1, width, x[length]);
    float best = scratch.kernels.max(x, 0, width);
    double log = best - rowMax[t] - rowLog[t];
    if (log > -IMPOSSIBLE_NATS / 2) {
      int least = scratch.kernels.split(x, width, best, into.m, into.e, into.at);
      if (least > -Kernels.SPLIT_LIMIT) {
        into.logBest = log;
        finish(into);
        return -least;
      }
    }
    for (int i = 0; i <= length; i++) {
      scratch.exact[i] = x[i];
    }
    return splitExactly(t, scratch.exact, into);
  }

  /** For any numbers: one at a time, in float64, with impossible labels told apart. */
  private int splitExactly(int t, double[] x, Emission into) {
    double best = best(x);
    double leastLog = 0;
    for (int i = 0; i <= target.length; i++) {
      double log = relativeLog(t, x[i], best);
      ScalarKernels.split(log, into.m, into.e, into.at + i);
      leastLog = log < leastLog && log != Double.NEGATIVE_INFINITY ? log : leastLog;
    }
    into.logBest = best - rowMax[t] - rowLog[t];
    finish(into);
    return isImpossible(t, best) ? -1 : (int) Math.ceil(leastLog * -1.4427);
  }

  /** Splits off the blank, which stands after the labels, and puts the padding in its place. */
  private void finish(Emission into) {
    int at = into.at + target.length;
    into.blankM = into.m[at];
    into.blankE = into.e[at];
    Arrays.fill(into.m, at, into.at + width, 1);
    Arrays.fill(into.e, at, into.at + width, Extended.ZERO);
  }

  /** ln of the probabilities of the labels and, after them, of the blank; relative to the best. */
  void logs(int t, double[] into) {
    lookUp(t, into);
    double best = best(into);
    for (int i = 0; i <= target.length; i++) {
      into[i] = relativeLog(t, into[i], best);
    }
  }

  /** ln p(t, best) of logits, with the log-sum-exp in float64. */
  double exactLogBest(int t) {
    long frame = start + t * logits.frameStride();
    double others = -1; // not the largest itself
    for (int c = 0; c < logits.classes(); c++) {
      others += Math.exp(elements.get(frame + c * logits.classStride()) - rowMax[t]);
    }
    return logBest[t] + rowLog[t] - Math.log1p(others);
  }

  private double best(double[] x) {
    double best = x[target.length];
    for (int i = 0; i < target.length; i++) {
      best = Math.max(best, x[i]);
    }
    return best;
  }

  private double relativeLog(int t, double x, double best) {
    return isImpossible(t, x) ? Double.NEGATIVE_INFINITY : x - best;
  }

  private boolean isImpossible(int t, double x) {
    return x == Double.NEGATIVE_INFINITY || x - rowMax[t] - rowLog[t] < -IMPOSSIBLE_NATS;
  }

  private void lookUp(int t, double[] into) {
    long frame = start + t * logits.frameStride();
    for (int i = 0; i < target.length; i++) {
      into[i] = elements.get(frame + target.labels[i] * logits.classStride());
    }
    into[target.length] = elements.get(frame + blank * logits.classStride());
  }

  private void lookUp(int t, float[] into) {
    long frame = start + t * logits.frameStride();
    for (int i = 0; i < target.length; i++) {
      into[i] = (float) elements.get(frame + target.labels[i] * logits.classStride());
    }
    into[target.length] = (float) elements.get(frame + blank * logits.classStride());
  }
}
