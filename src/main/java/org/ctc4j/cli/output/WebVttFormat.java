package org.ctc4j.cli.output;

import java.util.List;

/** The W3C's WebVTT: cues, to the millisecond. */
public record WebVttFormat(Level level, Clock clock) implements TimeFormat {
  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder out = new StringBuilder("WEBVTT\n");
    TimedUtterance utterance = utterances.get(0);
    for (TimedText cue : TimedText.lasting(utterance.tiers().at(level))) {
      Cues.requireDuration(utterance, cue, clock);
      out.append('\n').append(clock.clock(cue.start(), 2, '.')).append(" --> ");
      out.append(clock.clock(cue.end(), 2, '.')).append('\n');
      out.append(escaped(Cues.oneLine(cue.text()))).append('\n');
    }
    return out.toString();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
