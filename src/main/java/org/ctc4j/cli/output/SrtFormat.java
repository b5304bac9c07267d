package org.ctc4j.cli.output;

import java.util.List;

/** SubRip's SRT: numbered cues, to the millisecond. */
public record SrtFormat(Level level, Clock clock) implements TimeFormat {
  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder out = new StringBuilder();
    int number = 0;
    TimedUtterance utterance = utterances.get(0);
    for (TimedText cue : TimedText.lasting(utterance.tiers().at(level))) {
      Cues.requireDuration(utterance, cue, clock);
      out.append(++number).append('\n');
      out.append(clock.clock(cue.start(), 2, ',')).append(" --> ");
      out.append(clock.clock(cue.end(), 2, ',')).append('\n');
      out.append(Cues.oneLine(cue.text())).append("\n\n");
    }
    return out.toString();
  }
}
