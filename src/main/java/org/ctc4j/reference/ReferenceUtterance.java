package org.ctc4j.reference;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;

/** Loss, posteriors and gradient of one utterance. */
public final class ReferenceUtterance {
  /** A label this many nats under its frame's log-sum-exp counts as impossible: 2^26. */
  public static final double IMPOSSIBLE_NATS = 0x1p26;

  private final double[][] logProb;
  private final Lattice lattice;
  private final double loss;
  private final CtcStatus status;

  private ReferenceUtterance(double[][] logProb, int[] target, CtcOptions options, boolean finite) {
    this.logProb = logProb;
    this.lattice = new Lattice(target, options.blank(), logProb);
    double rounded = finite ? lattice.loss() : Double.NaN;
    // of a softmax p(l | x) is at most 1; more is rounding
    this.loss = options.input() == InputKind.LOGITS ? Math.max(rounded, 0) : rounded;
    this.status =
        !finite
            ? CtcStatus.NOT_FINITE
            : loss == Double.POSITIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
  }

  /** Reads utterance n of a batch whose arguments have been checked. */
  public static ReferenceUtterance of(CtcBatch batch, int n, CtcOptions options) {
    FrameTensor logits = batch.logits();
    double[][] logProb = new double[batch.inputLength(n)][logits.classes()];
    boolean finite = true;
    for (int t = 0; t < logProb.length; t++) {
      for (int c = 0; c < logits.classes(); c++) {
        double x = logits.get(t, n, c);
        finite &= x < Double.POSITIVE_INFINITY; // false for NaN
        logProb[t][c] = x;
      }
      normalise(logProb[t], options.input());
    }
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    return new ReferenceUtterance(logProb, target, options, finite);
  }

  /** From logits, or log-probabilities, to log-probabilities that are finite or −Infinity. */
  private static void normalise(double[] row, InputKind input) {
    double max = 0;
    double logSum = 0;
    if (input == InputKind.LOGITS) {
      int greatest = 0;
      for (int c = 1; c < row.length; c++) {
        greatest = row[c] > row[greatest] ? c : greatest;
      }
      max = row[greatest];
      double others = 0;
      for (int c = 0; c < row.length; c++) {
        others += c == greatest ? 0 : Math.exp(row[c] - max);
      }
      logSum = Math.log1p(others); // however little they are: it is the loss of a sure model
    }
    for (int c = 0; c < row.length; c++) {
      // x − max first: exact for close numbers, where x − (max + logSum) is not
      double logProb = row[c] == LogMath.LOG_ZERO ? LogMath.LOG_ZERO : row[c] - max - logSum;
      row[c] = logProb < -IMPOSSIBLE_NATS ? LogMath.LOG_ZERO : logProb;
    }
  }

  /** −ln p(l | x), equation (8), in nats; NaN if the input is not finite. */
  public double loss() {
    return loss;
  }

  public CtcStatus status() {
    return status;
  }

  /** S = 2L + 1. */
  public int states() {
    return lattice.states();
  }

  /**
   * γ[t][s], shape (T, S): the probability, given the target, of being in state s at frame t, that
   * is α<sub>t</sub>(s) β<sub>t</sub>(s) / p(l | x), the terms of equation (14). By equation (8)
   * p(l | x) is the sum of the numerators of any frame; that of frame t is taken for frame t, so
   * that rounding of a logarithm of many nats leaves the sum at 1. All 0 unless the status is
   * {@link CtcStatus#OK}.
   */
  public double[][] posteriors() {
    double[][] gamma = new double[logProb.length][lattice.states()];
    if (status != CtcStatus.OK) {
      return gamma;
    }
    double[][] alpha = lattice.alpha();
    double[] beta = lattice.lastBeta();
    for (int t = gamma.length - 1; t >= 0; t--) {
      if (t < gamma.length - 1) {
        beta = lattice.beta(t, beta);
      }
      for (int s = 0; s < beta.length; s++) {
        gamma[t][s] = alpha[t][s] + beta[s];
      }
      double total = LogMath.sum(gamma[t]);
      for (int s = 0; s < beta.length; s++) {
        gamma[t][s] = Math.exp(gamma[t][s] - total);
      }
    }
    return gamma;
  }

  /** Shape (T, C): posteriors summed by class, the numerators of (14) over all s of a class. */
  public double[][] byClass(double[][] posteriors) {
    double[][] sums = new double[posteriors.length][];
    for (int t = 0; t < sums.length; t++) {
      sums[t] = new double[logProb[t].length];
      for (int s = 0; s < posteriors[t].length; s++) {
        sums[t][lattice.symbol(s)] += posteriors[t][s];
      }
    }
    return sums;
  }

  /**
   * Shape (T, C): equation (16), y<sub>t</sub>(c) minus the posterior of label c at frame t;
   * without the softmax term minus the posterior alone. All 0 unless the status is {@link
   * CtcStatus#OK}.
   */
  public double[][] gradient(boolean softmaxTerm) {
    double[][] gradient = byClass(posteriors());
    if (status != CtcStatus.OK) {
      return gradient;
    }
    for (int t = 0; t < gradient.length; t++) {
      for (int c = 0; c < gradient[t].length; c++) {
        gradient[t][c] = (softmaxTerm ? Math.exp(logProb[t][c]) : 0) - gradient[t][c];
      }
    }
    return gradient;
  }
}
