package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.FrameTensor;

/** A frame of logits in float64, and its softmax: e<sup>x − max</sup> and their sum. */
final class ViewRow {
  /** Of exponentials in float64: e to the −700, and a little more. */
  private static final double LEAST_EXP = 1e-304;

  private static final double IMPOSSIBLE_NATS = 0x1p26;

  /** x(t, c), and then e<sup>x − max</sup>. */
  double[] x = {};

  double[] e = {};

  /** 1 / Σ e. */
  double inverse;

  /** ln Σ e<sup>x</sup>; −Infinity where nothing is possible. */
  double logSum;

  /** Whether every class counts as possible, by far. */
  boolean isPlain;

  private final LogitRows rows = new LogitRows();
  private final FrameBlock block = new FrameBlock();
  private final DoubleRows doubles = new DoubleRows();
  private final double[] max = new double[1];
  private int classes;
  private int length; // whole vectors

  void begin(FrameTensor logits, int n, int lanes) {
    classes = logits.classes();
    length = (classes + lanes - 1) / lanes * lanes;
    x = KeptArrays.atLeast(x, length);
    e = KeptArrays.atLeast(e, length);
    rows.begin(logits, n);
  }

  void release() {
    rows.release();
  }

  /** Goes to frame t. Returns false if it has NaN or +Infinity. */
  boolean read(int t, Kernels kernels) {
    if (!load(t, kernels)) {
      return false;
    }
    Arrays.fill(x, classes, length, x[0]);
    DoubleRows row = doubles.of(x, 1, length);
    kernels.max(row, max, 0);
    if (max[0] == Double.NEGATIVE_INFINITY) {
      Arrays.fill(e, 0, classes, 0);
      inverse = 0;
      logSum = max[0];
      isPlain = false;
      return true;
    }
    isPlain = kernels.exp(row, max, 0, e, 0) > LEAST_EXP;
    for (int c = 0; !isPlain && c < classes; c++) {
      e[c] = e[c] <= LEAST_EXP ? 0 : e[c];
    }
    double whole = sum(e, classes);
    inverse = 1 / whole;
    logSum = max[0] + Math.log(whole);
    return true;
  }

  /** Returns false if a number is NaN or +Infinity. */
  private boolean load(int t, Kernels kernels) {
    if (rows.isDouble()) {
      rows.copy(t, x);
      return isFinite();
    }
    rows.seek(t, 1, block);
    float[] from = rows.array;
    int at = block.at[0];
    for (int c = 0; c < classes; c++) {
      x[c] = from[at + c];
    }
    return kernels.finite(from, at, classes);
  }

  private boolean isFinite() {
    for (int c = 0; c < classes; c++) {
      if (!(x[c] < Double.POSITIVE_INFINITY)) {
        return false;
      }
    }
    return true;
  }

  /** Whether class c has a probability above 0. */
  boolean isPossible(int c) {
    return x[c] - logSum >= -IMPOSSIBLE_NATS; // false of −Infinity − −Infinity
  }

  /** In four parts, which do not wait for each other. */
  private static double sum(double[] x, int n) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int c = 0;
    for (; c + 3 < n; c += 4) {
      sum0 += x[c];
      sum1 += x[c + 1];
      sum2 += x[c + 2];
      sum3 += x[c + 3];
    }
    for (; c < n; c++) {
      sum0 += x[c];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }
}
