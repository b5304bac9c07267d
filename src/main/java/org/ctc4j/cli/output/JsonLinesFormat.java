package org.ctc4j.cli.output;

import java.util.List;

/** JSON Lines: an object a line, an utterance each. */
public record JsonLinesFormat(UtteranceJson fields) implements TimeFormat {
  /** Says of an utterance without a path why it has none. */
  @Override
  public String objection(TimedUtterance utterance) {
    return null;
  }

  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder lines = new StringBuilder();
    for (TimedUtterance utterance : utterances) {
      lines.append(JsonObject.text(json -> fields.write(json, utterance))).append('\n');
    }
    return lines.toString();
  }
}
