package org.ctc4j;

import java.util.Arrays;

/** The labels of one utterance, of which nothing else was asked. Immutable. */
public final class CtcLabels {
  private final CtcStatus status;
  private final int[] labels;

  /**
   * @param labels without blanks, (L); not copied
   */
  CtcLabels(CtcStatus status, int[] labels) {
    this.status = status;
    this.labels = labels;
  }

  /** Whether there are labels, and if not, why. */
  public CtcStatus status() {
    return status;
  }

  /** A copy of the L labels; none unless the status is {@link CtcStatus#OK}. */
  public int[] labels() {
    return labels.clone();
  }

  /** "OK: [3, 1, 20]", or the status alone. */
  @Override
  public String toString() {
    return status == CtcStatus.OK ? status + ": " + Arrays.toString(labels) : status.toString();
  }
}
