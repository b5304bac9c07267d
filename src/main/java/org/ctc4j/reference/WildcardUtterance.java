package org.ctc4j.reference;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.InputKind;
import org.ctc4j.Wildcards;
import org.ctc4j.host.Probabilities;

/** Loss, posteriors and gradient of one utterance whose target has {@link Wildcards}. */
final class WildcardUtterance implements LossOfUtterance {
  private final double[][] logProb; // ln p, (T, C)
  private final double[][] weight; // ln w, (T, C)
  private final int[] target;
  private final int blank;
  private final WildcardLattice lattice;
  private final double[][] alpha;
  private final double loss;
  private final CtcStatus status;

  private WildcardUtterance(
      double[][] logProb, int[] target, Wildcards wildcards, CtcOptions options, boolean finite) {
    double[] offsets = logProb.length == 0 ? null : options.offsets(logProb[0].length);
    this.logProb = logProb;
    this.weight = offsets == null ? logProb : ReferenceUtterance.sum(logProb, offsets);
    this.target = target;
    this.blank = options.blank();
    this.lattice = new WildcardLattice(target, wildcards, emission(wildcards));
    this.alpha = finite ? lattice.alpha() : null;
    this.loss = finite ? 0 - lattice.total(alpha[logProb.length]) : Double.NaN;
    this.status =
        !finite
            ? CtcStatus.NOT_FINITE
            : loss == Double.POSITIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
  }

  /** Reads utterance n of a batch whose arguments have been checked. */
  static WildcardUtterance of(CtcBatch batch, int n, CtcOptions options) {
    double[][] logProb = new double[batch.inputLength(n)][batch.logits().classes()];
    boolean finite = true;
    for (int t = 0; t < logProb.length; t++) {
      for (int c = 0; c < logProb[t].length; c++) {
        double x = batch.logits().get(t, n, c);
        finite &= x < Double.POSITIVE_INFINITY; // false for NaN
        logProb[t][c] = options.input() == InputKind.PROBABILITIES ? Probabilities.log(x) : x;
      }
      ReferenceUtterance.normalise(logProb[t], options.input());
    }
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    return new WildcardUtterance(logProb, target, batch.targets().wildcards(), options, finite);
  }

  private double[][] emission(Wildcards wildcards) {
    double[][] emission = new double[weight.length][2 * target.length + 1];
    for (int t = 0; t < emission.length; t++) {
      for (int s = 0; s < emission[t].length; s++) {
        double penalty =
            symbol(s) == Wildcards.FRAMES
                ? wildcards.framePenalty()
                : symbol(s) == Wildcards.LABELS ? wildcards.labelPenalty() : 0;
        emission[t][s] = LogMath.sum(members(t, s)) - penalty;
      }
    }
    return emission;
  }

  /** A class, or a wildcard. */
  private int symbol(int s) {
    return s % 2 == 0 ? blank : target[s / 2];
  }

  /** ln w of the classes that state s may take at frame t; −Infinity of the others. */
  private double[] members(int t, int s) {
    int symbol = symbol(s);
    double[] members = new double[weight[t].length];
    for (int c = 0; c < members.length; c++) {
      boolean isMember =
          c == symbol || symbol == Wildcards.FRAMES || symbol == Wildcards.LABELS && c != blank;
      members[c] = isMember ? weight[t][c] : LogMath.LOG_ZERO;
    }
    return members;
  }

  @Override
  public double loss() {
    return loss;
  }

  @Override
  public CtcStatus status() {
    return status;
  }

  @Override
  public double[][] posteriors() {
    double[][] gamma = new double[logProb.length][lattice.states()];
    double[] beta = lattice.lastBeta();
    for (int t = gamma.length - 1; t >= 0 && status == CtcStatus.OK; t--) {
      if (t < gamma.length - 1) {
        beta = lattice.beta(t, beta);
      }
      for (int s = 0; s < beta.length; s++) {
        gamma[t][s] = alpha[t + 1][s] + beta[s];
      }
      double total = LogMath.sum(gamma[t]);
      for (int s = 0; s < beta.length; s++) {
        gamma[t][s] = Math.exp(gamma[t][s] - total);
      }
    }
    return gamma;
  }

  /** A state's posterior goes to the classes that it may take, as they weigh. */
  @Override
  public double[][] byClass(double[][] posteriors) {
    double[][] sums = new double[posteriors.length][];
    for (int t = 0; t < sums.length; t++) {
      sums[t] = new double[logProb[t].length];
      for (int s = 0; s < posteriors[t].length; s++) {
        double[] members = members(t, s);
        double total = LogMath.sum(members);
        for (int c = 0; c < members.length && posteriors[t][s] > 0; c++) {
          sums[t][c] += posteriors[t][s] * Math.exp(members[c] - total);
        }
      }
    }
    return sums;
  }

  @Override
  public double[][] gradient(boolean softmaxTerm) {
    double[][] gradient = byClass(posteriors());
    for (int t = 0; t < gradient.length && status == CtcStatus.OK; t++) {
      for (int c = 0; c < gradient[t].length; c++) {
        gradient[t][c] = (softmaxTerm ? Math.exp(logProb[t][c]) : 0) - gradient[t][c];
      }
    }
    return gradient;
  }

  @Override
  public double[][] gradientPerProbability() {
    double[][] gradient = gradient(false);
    for (int t = 0; t < gradient.length; t++) {
      int frame = t;
      Arrays.setAll(
          gradient[t],
          c ->
              logProb[frame][c] == LogMath.LOG_ZERO
                  ? 0
                  : gradient[frame][c] / Math.exp(logProb[frame][c]));
    }
    return gradient;
  }
}
