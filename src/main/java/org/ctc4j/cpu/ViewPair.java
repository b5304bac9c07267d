package org.ctc4j.cpu;

import org.ctc4j.ConsistencyGradient;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.engine.ConsistencyCall;

/**
 * The divergence of two views of an utterance, frame by frame, and its gradients, all in float64:
 *
 * <pre>
 * ½ Σ_c (p(c) − q(c)) d(c),   d(c) = ln p(c) − ln q(c) = (x(c) − y(c)) − (ln Σ e^x − ln Σ e^y)
 * </pre>
 *
 * <p>Its terms are not negative, and of logits of float32 or less d is good to float64's rounding
 * of the two logarithms, so that views which all but agree keep their digits. What one thread needs
 * while it is at one utterance.
 */
final class ViewPair {
  private final Kernels kernels;
  private final ViewRow first = new ViewRow();
  private final ViewRow second = new ViewRow();
  private final GradientRows firstRows = new GradientRows();
  private final GradientRows secondRows = new GradientRows();
  private final FrameBlock block = new FrameBlock();
  private double[] difference = {}; // p − q
  private double[] logRatio = {}; // d, 0 where neither is possible
  private double[] values = {};
  private ConsistencyCall call;
  private int n;
  private int classes;

  ViewPair(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Goes to utterance n. */
  void begin(ConsistencyCall call, int n) {
    this.call = call;
    this.n = n;
    classes = call.batch().first().classes();
    first.begin(call.batch().first(), n, kernels.lanes());
    second.begin(call.batch().second(), n, kernels.lanes());
    double weight = call.batch().weight(n);
    firstRows.begin(call.firstGradient(), n, classes, weight);
    secondRows.begin(call.secondGradient(), n, classes, weight);
    difference = KeptArrays.atLeast(difference, classes);
    logRatio = KeptArrays.atLeast(logRatio, classes);
    values = KeptArrays.atLeast(values, classes);
  }

  /** Lets go of what is the caller's. */
  void release() {
    call = null;
    first.release();
    second.release();
    firstRows.release();
    secondRows.release();
  }

  /** The divergences of frames [from, to), to the same places; writes their gradients. */
  void compute(int from, int to, double[] divergences) {
    boolean wanted = call.batch().weight(n) != 0;
    for (int t = from; t < to; t++) {
      divergences[t] = divergence(t);
      if (wanted && divergences[t] < Double.POSITIVE_INFINITY) {
        store(call.firstGradient(), firstRows, first, 1, t);
        store(call.secondGradient(), secondRows, second, -1, t);
      }
    }
  }

  /** Writes zeros to the gradients of all frames from one on. */
  void clear(int from) {
    if (call.firstGradient() != null) {
      firstRows.clear(from, call.firstGradient().frames(n));
    }
    if (call.secondGradient() != null) {
      secondRows.clear(from, call.secondGradient().frames(n));
    }
  }

  private double divergence(int t) {
    boolean finite = first.read(t, kernels);
    finite &= second.read(t, kernels);
    if (!finite) {
      return Double.NaN;
    }
    double empty = Double.NEGATIVE_INFINITY;
    if (first.logSum == empty || second.logSum == empty) {
      return Double.POSITIVE_INFINITY;
    }
    compare();
    return first.isPlain && second.isPlain || findImpossible()
        ? dot(difference, logRatio) / 2
        : Double.POSITIVE_INFINITY;
  }

  private void compare() {
    double[] x = first.x;
    double[] y = second.x;
    double[] p = first.e;
    double[] q = second.e;
    double ofP = first.inverse;
    double ofQ = second.inverse;
    double ofSums = first.logSum - second.logSum;
    for (int c = 0; c < classes; c++) {
      difference[c] = p[c] * ofP - q[c] * ofQ;
      logRatio[c] = x[c] - y[c] - ofSums;
    }
  }

  /** Returns false if a class is possible in one view and not in the other. */
  private boolean findImpossible() {
    for (int c = 0; c < classes; c++) {
      boolean possible = first.isPossible(c);
      if (possible != second.isPossible(c)) {
        return false;
      }
      if (!possible) {
        difference[c] = 0;
        logRatio[c] = 0;
      }
    }
    return true;
  }

  /**
   * Stores the gradient of a view in frame t.
   *
   * @param sign 1 for the first view, −1 for the second: what is p to one is q to the other
   */
  private void store(FrameTensor tensor, GradientRows rows, ViewRow view, int sign, int t) {
    if (tensor == null) {
      return;
    }
    boolean full = call.kind() == ConsistencyGradient.FULL;
    double ofView = full ? view.inverse : 0;
    double divergence = full ? dot(view.e, logRatio) * view.inverse : 0; // by its sign
    for (int c = 0; c < classes; c++) {
      values[c] = difference[c] + view.e[c] * ofView * (logRatio[c] - divergence);
    }
    if (tensor.elements().type() == ElementType.FLOAT64) {
      rows.store(t, values, 0.5 * sign);
      return;
    }
    rows.seek(t, 1, block);
    float[] into = rows.array;
    int at = block.outAt[0];
    double factor = rows.factor * 0.5 * sign;
    for (int c = 0; c < classes; c++) {
      into[at + c] = (float) (factor * values[c]);
    }
    rows.store(t, 1);
  }

  /** In four parts, which do not wait for each other. */
  private double dot(double[] a, double[] b) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int c = 0;
    for (; c + 3 < classes; c += 4) {
      sum0 += a[c] * b[c];
      sum1 += a[c + 1] * b[c + 1];
      sum2 += a[c + 2] * b[c + 2];
      sum3 += a[c + 3] * b[c + 3];
    }
    for (; c < classes; c++) {
      sum0 += a[c] * b[c];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }
}
