package org.ctc4j.reference;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.host.Probabilities;

/** Loss, posteriors and gradient of one utterance. */
public final class ReferenceUtterance implements LossOfUtterance {
  /** A label this many nats under its frame's log-sum-exp counts as impossible: 2^26. */
  public static final double IMPOSSIBLE_NATS = 0x1p26;

  /** −ln p(l | x) below which an utterance is nearly certain; p and 1 − p are then of one size. */
  private static final double NEARLY_CERTAIN_NATS = 0.5;

  /** By how much rounding may take ln Σ y of a frame of log-probabilities from 0. */
  private static final double ROUNDING_NATS = 0.01;

  /**
   * How far float64 rounding takes ln Σ y of a frame from 0; of no loss that has digits beside it.
   */
  private static final double FLOAT64_NATS = 4e-16;

  private final double[][] logProb;
  private final double[] logSum; // ln Σ y of each frame, 0 of logits
  private final Lattice lattice;
  private final Complement complement; // null unless nearly certain
  private final boolean byShares; // whether frames count by the shares of their sums
  private final double loss;
  private final CtcStatus status;

  private ReferenceUtterance(
      double[][] logProb, double[] logSum, int[] target, CtcOptions options, boolean finite) {
    int blank = options.blank();
    this.logProb = logProb;
    this.logSum = logSum;
    double[] offsets = logProb.length == 0 ? null : options.offsets(logProb[0].length);
    this.lattice = new Lattice(target, blank, offsets == null ? logProb : sum(logProb, offsets));
    double direct = finite ? lattice.loss() : Double.NaN;
    double ofSums = 0 - Arrays.stream(logSum).sum();
    Complement ofOthers =
        offsets == null && direct - ofSums < NEARLY_CERTAIN_NATS
            ? new Complement(lattice, probabilities(), blank)
            : null;
    // of scores beyond measure the two logarithms are nothing but rounding
    this.complement = ofOthers != null && ofOthers.probability() < 0.5 ? ofOthers : null;
    double ofPaths = complement == null ? Double.NaN : 0 - Math.log1p(-complement.probability());
    this.byShares = options.input() != InputKind.SCORES && isRounding(ofSums + ofPaths);
    this.loss = complement == null ? direct : byShares ? ofPaths : ofSums + ofPaths;
    this.status =
        !finite
            ? CtcStatus.NOT_FINITE
            : loss == Double.POSITIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
  }

  /** ln y<sub>t</sub>(c) + o(c), see {@link org.ctc4j.ClassOffsets}. */
  static double[][] sum(double[][] logProb, double[] offsets) {
    double[][] weighted = new double[logProb.length][offsets.length];
    for (int t = 0; t < weighted.length; t++) {
      for (int c = 0; c < offsets.length; c++) {
        weighted[t][c] = logProb[t][c] + offsets[c];
      }
    }
    return weighted;
  }

  /**
   * Whether a loss is no more than what rounding accounts for. Log-probabilities have sums that are
   * not 1, if by rounding alone; such a loss would be noise, and below 0 as often as not. Then
   * frames count by the shares of their sums, as logits do; scores never.
   */
  private boolean isRounding(double nats) {
    double rounding = Arrays.stream(logSum).map(Math::abs).sum();
    return rounding < FLOAT64_NATS * logSum.length
        || nats < 2 * rounding
            && Arrays.stream(logSum).allMatch(log -> Math.abs(log) < ROUNDING_NATS);
  }

  /** y, (T, C), each frame divided by its sum. */
  private double[][] probabilities() {
    double[][] y = new double[logProb.length][];
    for (int t = 0; t < y.length; t++) {
      y[t] = shares(logProb[t]);
    }
    return y;
  }

  /** Less the largest first: scores may be so large that the logarithm of their sum is the same. */
  private static double[] shares(double[] row) {
    double max = Arrays.stream(row).max().orElseThrow();
    double[] shares = Arrays.stream(row).map(x -> Math.exp(x - max)).toArray();
    double sum = Arrays.stream(shares).sum();
    Arrays.setAll(shares, c -> shares[c] / sum);
    return shares;
  }

  /** Reads utterance n of a batch whose arguments have been checked. */
  public static ReferenceUtterance of(CtcBatch batch, int n, CtcOptions options) {
    FrameTensor logits = batch.logits();
    double[][] logProb = new double[batch.inputLength(n)][logits.classes()];
    double[] logSum = new double[logProb.length];
    boolean finite = true;
    for (int t = 0; t < logProb.length; t++) {
      for (int c = 0; c < logits.classes(); c++) {
        double x = logits.get(t, n, c);
        finite &= x < Double.POSITIVE_INFINITY; // false for NaN
        logProb[t][c] = options.input() == InputKind.PROBABILITIES ? Probabilities.log(x) : x;
      }
      logSum[t] = normalise(logProb[t], options.input());
    }
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    return new ReferenceUtterance(logProb, logSum, target, options, finite);
  }

  /**
   * From the input to log-probabilities, or scores, that are finite or −Infinity. Returns the
   * logarithm of their sum: 0 of logits.
   */
  static double normalise(double[] row, InputKind input) {
    int best = 0;
    for (int c = 1; c < row.length; c++) {
      best = row[c] > row[best] ? c : best;
    }
    double max = row[best];
    double others = 0; // beside the best: near 0 a logarithm of 1 + others has their digits
    for (int c = 0; c < row.length; c++) {
      others += c == best ? 0 : Math.exp(row[c] - max);
    }
    double logSum = Math.log1p(others);
    boolean logits = input == InputKind.LOGITS;
    for (int c = 0; c < row.length; c++) {
      // x − max first: exact for close numbers, where x − (max + logSum) is not
      double logProb = logits ? row[c] - max - logSum : row[c];
      row[c] = !(logProb >= -IMPOSSIBLE_NATS) ? LogMath.LOG_ZERO : logProb;
    }
    return logits ? 0 : max + logSum;
  }

  /** −ln p(l | x), equation (8), in nats; NaN if the input is not finite. */
  @Override
  public double loss() {
    return loss;
  }

  @Override
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
  @Override
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
  @Override
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
  @Override
  public double[][] gradient(boolean softmaxTerm) {
    if (softmaxTerm && complement != null) {
      return nearlyCertainGradient();
    }
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

  /**
   * Shape (T, C): the partial derivative with respect to y<sub>t</sub>(c), of which every path
   * through the class has one as a factor: minus the posterior by y<sub>t</sub>(c). 0 where that is
   * 0.
   */
  @Override
  public double[][] gradientPerProbability() {
    double[][] gradient = gradient(false);
    for (int t = 0; t < gradient.length; t++) {
      for (int c = 0; c < gradient[t].length; c++) {
        gradient[t][c] /= logProb[t][c] == LogMath.LOG_ZERO ? 1 : Math.exp(logProb[t][c]);
      }
    }
    return gradient;
  }

  /** With y the shares of their sum S: S y − γ = (S − 1) y + (y − γ). */
  private double[][] nearlyCertainGradient() {
    double[][] gradient = complement.difference();
    for (int t = 0; t < gradient.length; t++) {
      double[] y = shares(logProb[t]);
      for (int c = 0; !byShares && c < gradient[t].length; c++) {
        gradient[t][c] +=
            logSum[t] < 1 // where S is large it may be no number
                ? Math.expm1(logSum[t]) * y[c]
                : Math.exp(logProb[t][c]) - y[c];
      }
    }
    return gradient;
  }
}
