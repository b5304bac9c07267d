package org.ctc4j.reference;

import static org.ctc4j.reference.LogMath.LOG_ZERO;

import java.util.Arrays;

/**
 * The states of one utterance and the recursions over them, in the log domain.
 *
 * <p>Equation numbers are those of Graves et al., "Connectionist Temporal Classification" (ICML
 * 2006). l′ is the target with a blank before, between and after its labels: S = 2L + 1 states. One
 * convention differs: the paper's β<sub>t</sub>(s) includes the probability of its own frame,
 * y<sub>t</sub>(l′<sub>s</sub>), which its (14) then divides out again; here β leaves it out, so
 * that a probability of zero needs no division.
 */
final class Lattice {
  private final int[] extended; // l′, length S
  private final double[][] logProb; // logProb[t][c] = ln y_t(c), T frames

  /**
   * @param target labels, without blanks
   * @param logProb ln y<sub>t</sub>(c) for t in [0, T), c in [0, C)
   */
  Lattice(int[] target, int blank, double[][] logProb) {
    this.extended = new int[2 * target.length + 1];
    for (int s = 0; s < extended.length; s++) {
      extended[s] = s % 2 == 0 ? blank : target[s / 2];
    }
    this.logProb = logProb;
  }

  int states() {
    return extended.length;
  }

  /** l′<sub>s</sub>. */
  int symbol(int s) {
    return extended[s];
  }

  /** −ln p(l | x), equation (8); keeps one row. */
  double loss() {
    int frames = logProb.length;
    double[] previous = beforeFirstFrame();
    for (int t = 0; t < frames; t++) {
      previous = alphaStep(t, previous);
    }
    return 0 - total(previous); // not −total: a loss of 0 shall not be −0
  }

  /**
   * ln α<sub>t</sub>(s) for t in [0, T): the probability of all prefixes of paths that are in state
   * s at frame t, equations (5) to (7).
   */
  double[][] alpha() {
    double[][] alpha = new double[logProb.length][];
    double[] previous = beforeFirstFrame();
    for (int t = 0; t < alpha.length; t++) {
      previous = alphaStep(t, previous);
      alpha[t] = previous;
    }
    return alpha;
  }

  /** ln p(l | x) from the last row of α, equation (8): paths end in the last label or blank. */
  double total(double[] lastAlpha) {
    int last = states() - 1;
    return last == 0 ? lastAlpha[0] : LogMath.add(lastAlpha[last], lastAlpha[last - 1]);
  }

  /**
   * Before the first frame every path is in the first blank: from there (6) and (7) give the
   * paper's first row, and without frames it is the last row already.
   */
  private double[] beforeFirstFrame() {
    double[] row = new double[states()];
    Arrays.fill(row, LOG_ZERO);
    row[0] = 0;
    return row;
  }

  private double[] alphaStep(int t, double[] previous) {
    double[] row = new double[states()];
    for (int s = 0; s < row.length; s++) {
      double reach =
          LogMath.add( // (7), and in (6) the case that may skip a blank
              previous[s],
              s >= 1 ? previous[s - 1] : LOG_ZERO,
              skips(s) ? previous[s - 2] : LOG_ZERO);
      row[s] = reach + logProb[t][extended[s]]; // (6)
    }
    return row;
  }

  /** ln β at the last frame: only the last label and the last blank may end a path. */
  double[] lastBeta() {
    double[] row = new double[states()];
    Arrays.fill(row, LOG_ZERO);
    row[row.length - 1] = 0;
    if (row.length > 1) {
      row[row.length - 2] = 0;
    }
    return row;
  }

  /**
   * ln β<sub>t</sub>(s) from β<sub>t+1</sub>: the probability of all suffixes of paths that are in
   * state s at frame t, frame t itself left out; equations (9) to (11).
   */
  double[] beta(int t, double[] next) {
    double[] row = new double[states()];
    int last = row.length - 1;
    for (int s = 0; s <= last; s++) {
      row[s] =
          LogMath.add( // (11), and in (10) the case that may skip a blank
              stay(t + 1, s, next),
              s < last ? stay(t + 1, s + 1, next) : LOG_ZERO,
              s + 2 <= last && skips(s + 2) ? stay(t + 1, s + 2, next) : LOG_ZERO);
    }
    return row;
  }

  private double stay(int t, int s, double[] beta) {
    return beta[s] + logProb[t][extended[s]];
  }

  /** Whether a path may come to state s from s − 2: past a blank, between different labels. */
  boolean skips(int s) {
    return s >= 2 && s % 2 == 1 && extended[s] != extended[s - 2];
  }
}
