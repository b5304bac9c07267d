package org.ctc4j.reference;

import org.ctc4j.host.RangeSums;

/**
 * q = 1 − p(l | x), the probability of all paths that do not collapse to the target, where that is
 * what remains of a nearly certain utterance: the loss −ln(1 − q) and a gradient of q's size would
 * be lost in the rounding of numbers near 1.
 *
 * <p>The states of {@link Lattice} read a path as an automaton that is deterministic: in each state
 * a symbol leads to one state, or out of the target for good. So, with δ(s, k) the state that
 * symbol k leads to from s and y<sub>t</sub>(k) its probability, the probability f<sub>t</sub>(s)
 * of not collapsing to the target, given state s before frame t, is a sum of positive terms:
 *
 * <pre>
 * f_T(s) = 0 in the last label and the last blank, else 1
 * f_t(s) = Σ_{k that leads out} y_t(k) + Σ_{k that does not} y_t(k) f_{t+1}(δ(s, k));   q = f_0(first blank)
 * </pre>
 *
 * With α<sub>t</sub>(s) the probability of state s before frame t, and 1 − Σ<sub>s</sub>
 * α<sub>t</sub>(s) = d<sub>t</sub> that of having left, equation (16) becomes a difference of
 * numbers of q's size:
 *
 * <pre>
 * y_t(k) − γ_t(k) = y_t(k) (f_t^k − q) / p,   f_t^k = d_t + Σ_{s: k leads out} α_t(s) + Σ_{other s} α_t(s) f_{t+1}(δ(s, k))
 * </pre>
 */
final class Complement {
  private final Lattice lattice;
  private final double[][] y;
  private final int blank;
  private final double[][] f; // rows 0 … T

  /**
   * @param y probabilities, (T, C), that sum to 1 in each frame
   */
  Complement(Lattice lattice, double[][] y, int blank) {
    this.lattice = lattice;
    this.y = y;
    this.blank = blank;
    this.f = new double[y.length + 1][lattice.states()];
    int last = lattice.states() - 1;
    for (int s = 0; s < last - 1; s++) {
      f[y.length][s] = 1;
    }
    for (int t = y.length - 1; t >= 0; t--) {
      FrameWithout frame = new FrameWithout(y[t]);
      for (int s = 0; s <= last; s++) {
        f[t][s] = leaving(frame, s) + y[t][blank] * f[t + 1][s + s % 2];
        if (s % 2 == 1) {
          f[t][s] += y[t][lattice.symbol(s)] * f[t + 1][s];
        }
        int next = nextLabel(s);
        if (next <= last) {
          f[t][s] += y[t][lattice.symbol(next)] * f[t + 1][next];
        }
      }
    }
  }

  /** q. */
  double probability() {
    return f[0][0];
  }

  /** The state of the label that a path may go to from s, or one beyond the last. */
  private int nextLabel(int s) {
    int next = s + 2 - (s + 1) % 2;
    return s % 2 == 1 && next < lattice.states() && !lattice.skips(next) ? lattice.states() : next;
  }

  /** Σ y over the symbols that lead out of state s. */
  private double leaving(FrameWithout frame, int s) {
    int next = nextLabel(s);
    return frame.sum(
        blank,
        s % 2 == 1 ? lattice.symbol(s) : FrameWithout.NONE,
        next < lattice.states() ? lattice.symbol(next) : FrameWithout.NONE);
  }

  /** y − γ, shape (T, C), for the classes of the target and the blank; y for the others. */
  double[][] difference() {
    double q = probability();
    double[][] difference = new double[y.length][];
    double[] alpha = new double[lattice.states()];
    alpha[0] = 1;
    double left = 0;
    for (int t = 0; t < y.length; t++) {
      double[] toLeave = failing(alpha, left, f[t + 1], y[t].length);
      difference[t] = new double[y[t].length];
      for (int k = 0; k < y[t].length; k++) {
        double toAll = 0; // f^k − q by the differences to all others, q being their mean
        for (int j = 0; y[t][k] > 0.5 && j < y[t].length; j++) {
          toAll += y[t][j] * (toLeave[k] - toLeave[j]);
        }
        difference[t][k] = y[t][k] * ((y[t][k] > 0.5 ? toAll : toLeave[k] - q) / (1 - q));
      }
      FrameWithout frame = new FrameWithout(y[t]);
      double[] next = new double[alpha.length];
      for (int s = 0; s < alpha.length; s++) {
        left += alpha[s] * leaving(frame, s);
        next[s] =
            y[t][lattice.symbol(s)]
                * (alpha[s] + (s >= 1 ? alpha[s - 1] : 0) + (lattice.skips(s) ? alpha[s - 2] : 0));
      }
      alpha = next;
    }
    return difference;
  }

  /** f<sub>t</sub><sup>k</sup> of all classes; 1 for those that the target does not have. */
  private double[] failing(double[] alpha, double left, double[] after, int classes) {
    double[] failing = new double[classes];
    int[] seen = new int[classes]; // the states before it are counted
    RangeSums sums = new RangeSums();
    sums.begin(alpha, alpha.length);
    for (int s = 1; s < alpha.length; s += 2) {
      int k = lattice.symbol(s);
      int first = lattice.skips(s) ? s - 2 : s - 1;
      failing[k] += sums.sum(seen[k], first) + sums.sum(first, s + 1) * after[s];
      seen[k] = s + 1;
    }
    for (int k = 0; k < classes; k++) {
      failing[k] = seen[k] == 0 ? 1 : left + failing[k] + sums.sum(seen[k], alpha.length);
    }
    failing[blank] = left;
    for (int s = 0; s < alpha.length; s++) {
      failing[blank] += alpha[s] * after[s + s % 2];
    }
    return failing;
  }
}
