package org.ctc4j.cli.output;

import java.util.List;
import org.ctc4j.CtcPath;

/**
 * What is said of an utterance, and when.
 *
 * @param number of the utterance in its batch
 * @param path of its frames
 * @param reason why there is no path; null if there is one
 * @param text of the path
 */
public record TimedUtterance(
    int number, String name, CtcPath path, String reason, String text, Tiers tiers) {

  /**
   * The same text cut in three ways, each in order and without overlaps.
   *
   * @param words null where labels make no words
   * @param segments null where nobody said how long a frame is
   * @param wildcards those of the labels that are wildcards, with the greedy text of their frames
   */
  public record Tiers(
      List<TimedText> labels,
      List<TimedText> words,
      List<TimedText> segments,
      List<TimedText> wildcards) {
    /** Words, or labels where these make no words. */
    public List<TimedText> units() {
      return words == null ? labels : words;
    }

    /**
     * @param level null for {@link #units}; one that there is
     */
    public List<TimedText> at(Level level) {
      if (level == null) {
        return units();
      }
      return switch (level) {
        case LABELS -> labels;
        case WORDS -> words;
        case SEGMENTS -> segments;
      };
    }
  }
}
