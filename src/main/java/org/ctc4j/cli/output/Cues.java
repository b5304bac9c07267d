package org.ctc4j.cli.output;

import org.ctc4j.InvalidInputException;

/** What subtitles have in common. */
final class Cues {
  private Cues() {}

  /** In one line: a line break would end a cue, or part it. */
  static String oneLine(String text) {
    return text.replaceAll("\\R", " ").strip();
  }

  /** A cue lasts. Rounding takes that away where it is coarser than frames. */
  static void requireDuration(TimedUtterance utterance, TimedText item, Clock clock) {
    if (clock.ticks(item.start()) == clock.ticks(item.end())) {
      throw new InvalidInputException(
          "subtitles: utterance %d has a cue of %d frames at %s s, which would begin and end at the same time, rounded as the format has it; expected a longer frame shift, or a --level of longer cues"
              .formatted(
                  utterance.number(),
                  item.end() - item.start(),
                  clock.seconds(item.start()).toPlainString()));
    }
  }
}
