package org.ctc4j.spark;

import java.util.List;
import org.ctc4j.LabelSpan;

/**
 * What came of one utterance; null is what was not asked for, or what it has none of.
 *
 * @param message null where the status is OK
 */
record Outcome(
    RowStatus status, String message, Double loss, List<LabelSpan> alignment, Decoded decoded) {
  /**
   * @param text null without a vocabulary
   * @param confidence null where there are no labels
   */
  record Decoded(int[] labels, String text, Double confidence) {}

  /** Of values that cannot be an utterance. */
  static Outcome invalid(String message) {
    return new Outcome(RowStatus.INVALID, message, null, null, null);
  }
}
