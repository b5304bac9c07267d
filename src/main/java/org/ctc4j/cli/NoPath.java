package org.ctc4j.cli;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcStatus;

/** Why an utterance has no path, for people to read. */
final class NoPath {
  /** Of a search with a lexicon in whose beam nothing is left. */
  static final String NO_WORD =
      "no output in the beam has only words of the lexicon; a wider beam, or more classes, may hold one";

  private NoPath() {}

  /**
   * Of an alignment or a loss.
   *
   * @return null if the status is OK
   */
  static String reason(CtcBatch batch, int n, CtcStatus status) {
    return status == CtcStatus.INFEASIBLE ? misfit(batch, n) : reason(status);
  }

  /**
   * Of a greedy path.
   *
   * @return null if the status is OK
   */
  static String reason(CtcStatus status) {
    return switch (status) {
      case OK -> null;
      case NOT_FINITE -> "its logits hold Infinity";
      case INFEASIBLE -> "all classes of a frame have probability 0";
    };
  }

  private static String misfit(CtcBatch batch, int n) {
    int labels = batch.targets().length(n);
    int repeats = batch.targets().repeats(n);
    int frames = batch.inputLength(n);
    long needed = batch.targets().leastFrames(n);
    if (batch.targets().hasWildcards(n)) {
      return needed > frames
          ? "no path is one of its target, which needs %d frames, it has %d frames"
              .formatted(needed, frames)
          : "probabilities of 0 block every path of its target";
    }
    String needs =
        "no path collapses to its target: %d labels and %d repeats need %d frames, it has %d frames"
            .formatted(labels, repeats, needed, frames);
    return needed > frames ? needs : needs + ", but probabilities of 0 block every path";
  }
}
