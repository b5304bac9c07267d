package org.ctc4j;

import java.util.Arrays;

/**
 * The labels of one utterance, of which nothing else was asked. Immutable.
 *
 * @param status whether there are labels, and if not, why
 * @param labels without blanks, (L), none unless the status is {@link CtcStatus#OK}; copied, and so
 *     is what the accessor gives
 */
public record CtcLabels(CtcStatus status, int[] labels) {
  public CtcLabels {
    labels = labels.clone();
  }

  @Override
  public int[] labels() {
    return labels.clone();
  }

  /** "OK: [3, 1, 20]", or the status alone. */
  @Override
  public String toString() {
    return status == CtcStatus.OK ? status + ": " + Arrays.toString(labels) : status.toString();
  }
}
