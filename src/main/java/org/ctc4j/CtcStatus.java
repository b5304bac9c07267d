package org.ctc4j;

/** What became of one utterance. */
public enum CtcStatus {
  /** Loss and gradient are finite. */
  OK,
  /**
   * No path of non-zero probability collapses to the target: there are fewer frames than labels
   * plus repeats, or a probability of zero blocks every path. The loss is +Infinity (0 with
   * {@linkplain CtcOptions#zeroInfinity() zeroInfinity}) and the gradient 0.
   */
  INFEASIBLE,
  /** A used frame holds NaN or +Infinity. The loss is NaN and the gradient 0. */
  NOT_FINITE
}
