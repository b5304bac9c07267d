package org.ctc4j.cli.output;

import java.util.ArrayList;
import java.util.List;

/**
 * A label, a word or a segment, and its frames [start, end).
 *
 * @param from position of its first label
 * @param to position after its last label
 */
public record TimedText(String text, int from, int to, int start, int end, Trust trust) {

  /**
   * How sure it is.
   *
   * @param confidence geometric mean of the probabilities of its labels' frames
   * @param logRatio ln p(path) − ln p(greedy path) from its first label to its last; NaN of a
   *     greedy path
   * @param share of the n-best that has it; NaN where there is none
   */
  public record Trust(double confidence, double logRatio, double share) {}

  /** Where a cue or an interval has to last: words without a frame together with the next. */
  static List<TimedText> lasting(List<TimedText> items) {
    List<TimedText> lasting = new ArrayList<>();
    String before = "";
    int from = 0;
    for (TimedText item : items) {
      from = before.isEmpty() ? item.from() : from;
      if (item.start() == item.end()) {
        before += item.text() + " ";
      } else {
        String text = before + item.text();
        lasting.add(new TimedText(text, from, item.to(), item.start(), item.end(), item.trust()));
        before = "";
      }
    }
    return lasting;
  }

  /** The same in other frames. */
  TimedText within(int newStart, int newEnd) {
    return new TimedText(text, from, to, newStart, newEnd, trust);
  }
}
