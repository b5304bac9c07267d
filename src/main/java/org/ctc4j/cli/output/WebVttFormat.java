package org.ctc4j.cli.output;

import java.util.List;

/** The W3C's WebVTT: cues, to the millisecond. */
public final class WebVttFormat implements TimeFormat {
  private final Level level;
  private final Clock clock;

  public WebVttFormat(Level level, double frameShift) {
    this.level = level;
    this.clock = Clock.of(frameShift, 3);
  }

  @Override
  public String name() {
    return "WebVTT";
  }

  /**
   * @param utterances one
   */
  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder out = new StringBuilder("WEBVTT\n");
    TimedUtterance utterance = utterances.get(0);
    for (TimedText cue : utterance.tiers().at(level)) {
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
