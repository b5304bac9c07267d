package org.ctc4j.spark;

import org.ctc4j.CtcStatus;

/** What became of one row, as its column {@code status} names it. */
public enum RowStatus {
  /** All that was asked for is there. */
  OK,
  /** {@link CtcStatus#INFEASIBLE}. */
  INFEASIBLE,
  /** {@link CtcStatus#NOT_FINITE}. */
  NOT_FINITE,
  /** Its values cannot be an utterance; the column {@code message} says why. */
  INVALID;

  static RowStatus of(CtcStatus status) {
    return valueOf(status.name());
  }
}
