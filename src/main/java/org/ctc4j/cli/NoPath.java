package org.ctc4j.cli;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcStatus;

/** Why an utterance has no path, for people to read. */
final class NoPath {
  private NoPath() {}

  /**
   * @param status of utterance n, not OK
   */
  static String reason(CtcBatch batch, int n, CtcStatus status) {
    return status == CtcStatus.NOT_FINITE
        ? "its logits hold Infinity"
        : ("no path collapses to its target: %d labels, of which %d equal the one before and need a"
                + " blank, do not fit into %d frames of these probabilities")
            .formatted(batch.targets().length(n), batch.targets().repeats(n), batch.inputLength(n));
  }
}
