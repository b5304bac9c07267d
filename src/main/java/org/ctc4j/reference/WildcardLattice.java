package org.ctc4j.reference;

import static org.ctc4j.reference.LogMath.LOG_ZERO;

import java.util.Arrays;
import org.ctc4j.Wildcards;

/**
 * The states of a target with wildcards, and the recursions over them as sums over all pairs of
 * states, in the log domain. State 2i + 1 is element i of the target, state 2i + 2 the blank after
 * it, state 0 the blank before all. T · S² steps.
 *
 * <p>With κ(i, j) what it costs to pass over elements i … j − 1, a path goes
 *
 * <pre>
 * from a state to itself                                           at no cost
 * from element i to the blank after it                             at no cost
 * from the blank after LABELS back to it                           at no cost: a blank among them
 * from element i, or the blank after it, to element j &gt; i      at κ(i + 1, j)
 * </pre>
 *
 * but not from a label to an equal one without a blank; it begins as if from state 0, and ends at
 * κ(i + 1, L) in element i or the blank after it.
 */
final class WildcardLattice {
  private final int[] target;
  private final Wildcards wildcards;
  private final double[][] emission; // of states, (T, S)

  /**
   * @param emission ln of what a frame weighs in a state, penalties included, (T, S)
   */
  WildcardLattice(int[] target, Wildcards wildcards, double[][] emission) {
    this.target = target;
    this.wildcards = wildcards;
    this.emission = emission;
  }

  int states() {
    return 2 * target.length + 1;
  }

  /** ln α of each frame, with its own emission, and before the first: (T + 1, S). */
  double[][] alpha() {
    double[][] alpha = new double[emission.length + 1][states()];
    Arrays.fill(alpha[0], LOG_ZERO);
    alpha[0][0] = 0;
    for (int t = 0; t < emission.length; t++) {
      for (int s = 0; s < states(); s++) {
        double[] from = new double[states()];
        for (int r = 0; r < from.length; r++) {
          from[r] = alpha[t][r] + step(r, s);
        }
        alpha[t + 1][s] = LogMath.sum(from) + emission[t][s];
      }
    }
    return alpha;
  }

  /** ln of the sum of all paths. */
  double total(double[] lastAlpha) {
    double[] ends = new double[states()];
    Arrays.setAll(ends, s -> lastAlpha[s] + end(s));
    return LogMath.sum(ends);
  }

  /** ln β at the last frame. */
  double[] lastBeta() {
    double[] row = new double[states()];
    Arrays.setAll(row, this::end);
    return row;
  }

  /** ln β of frame t, its own emission left out, from that of the next. */
  double[] beta(int t, double[] next) {
    double[] row = new double[states()];
    for (int r = 0; r < row.length; r++) {
      double[] to = new double[states()];
      for (int s = 0; s < to.length; s++) {
        to[s] = step(r, s) + emission[t + 1][s] + next[s];
      }
      row[r] = LogMath.sum(to);
    }
    return row;
  }

  /** −cost of a step from state r to state s, −Infinity if there is none. */
  private double step(int r, int s) {
    boolean isOnElement = r % 2 == 1;
    if (s == r || s == r + 1 && isOnElement) {
      return 0;
    }
    if (s % 2 == 0) {
      return LOG_ZERO;
    }
    if (s == r - 1 && target[s / 2] == Wildcards.LABELS) {
      return 0;
    }
    boolean isRepeat =
        isOnElement && target[r / 2] == target[s / 2] && !Wildcards.is(target[s / 2]);
    return isRepeat ? LOG_ZERO : passing(next(r), s / 2);
  }

  private double end(int s) {
    return passing(next(s), target.length);
  }

  /** The first element that has not been when a path is in state s. */
  private static int next(int s) {
    return (s + 1) / 2;
  }

  /** −κ(from, to); −Infinity if to &lt; from. */
  private double passing(int from, int to) {
    double cost = 0;
    for (int i = from; i < to; i++) {
      cost += wildcards.costOfPassing(target[i]);
    }
    return to < from ? LOG_ZERO : 0 - cost;
  }
}
