package org.ctc4j.cpu;

import org.ctc4j.InputKind;

/**
 * Σ<sub>t</sub> ln p(t, best), the factor of all paths that is left out of the lattice.
 *
 * <p>The log-sum-exp of a frame has an error of some 10<sup>−7</sup>, from float32 exponentials. It
 * is as nothing where the loss is large. Where the loss is small, because what the model is unsure
 * of is the alignment alone, frames without a certain class get theirs in float64.
 */
final class LogBest {
  private static final double NATS_PER_ROOT_FRAME = 0.25;

  /** Where the other classes have less than this, their float32 sum is good enough. */
  private static final double SURE_FRAME = 1e-3;

  private LogBest() {}

  /**
   * @param log ln p(target) without the factor
   */
  static double sum(Utterance u, double log) {
    Emissions emissions = u.emissions;
    double sum = 0;
    for (int t = 0; t < u.frames(); t++) {
      sum += emissions.logBest[t];
    }
    double least = NATS_PER_ROOT_FRAME * Math.sqrt(u.frames());
    if (u.input == InputKind.LOG_PROBS || !(Math.abs(log + sum) < least)) {
      return sum;
    }
    sum = 0;
    for (int t = 0; t < u.frames(); t++) {
      boolean sure = emissions.certain[t] >= 0 && emissions.others[t] < SURE_FRAME;
      sum += sure ? emissions.logBest[t] : emissions.exactLogBest(t);
    }
    return sum;
  }
}
