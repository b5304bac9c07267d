package org.ctc4j.cli.output;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Advanced SubStation Alpha, to the hundredth of a second, with karaoke times: in a segment each
 * word has its own, {@code {\k50}}; pauses have theirs, without a text.
 */
public record AssFormat(Level level, Clock clock) implements TimeFormat {
  private static final String HEAD =
      """
      [Script Info]
      ScriptType: v4.00+
      PlayResX: 1280
      PlayResY: 720

      [V4+ Styles]
      Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
      Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
      Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
      Style: Default,Arial,48,&H00FFFFFF,&H00A0A0A0,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,1,\
      2,40,40,40,1

      [Events]
      Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
      """;

  private static final char WORD_JOINER = '\u2060'; // keeps a backslash from being a command

  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder out = new StringBuilder(HEAD);
    TimedUtterance utterance = utterances.get(0);
    for (TimedText cue : TimedText.lasting(utterance.tiers().at(level))) {
      Cues.requireDuration(utterance, cue, clock);
      out.append("Dialogue: 0,").append(clock.clock(cue.start(), 1, '.')).append(',');
      out.append(clock.clock(cue.end(), 1, '.')).append(",Default,,0,0,0,,");
      appendKaraoke(units(cue, utterance.tiers()), cue, out);
      out.append('\n');
    }
    return out.toString();
  }

  /**
   * What is sung one after the other.
   *
   * @param between what stands between two
   */
  private record Units(List<TimedText> list, String between) {
    private String text() {
      return list.stream().map(TimedText::text).collect(Collectors.joining(between));
    }
  }

  /** What a cue is made of, as long as that makes its text; else the cue itself. */
  private Units units(TimedText cue, TimedUtterance.Tiers tiers) {
    List<TimedText> list =
        tiers.units().stream()
            .filter(unit -> unit.from() >= cue.from() && unit.to() <= cue.to())
            .toList();
    for (String between : List.of(" ", "")) {
      Units units = new Units(list, between);
      if (level == Level.SEGMENTS && units.text().equals(cue.text())) {
        return units;
      }
    }
    return new Units(List.of(cue), "");
  }

  private void appendKaraoke(Units units, TimedText cue, StringBuilder out) {
    int end = cue.start();
    String before = "";
    for (TimedText unit : units.list()) {
      if (unit.start() > end) {
        appendTime(end, unit.start(), out);
      }
      out.append(before);
      appendTime(unit.start(), unit.end(), out);
      out.append(escaped(Cues.oneLine(unit.text())));
      before = units.between();
      end = unit.end();
    }
  }

  private void appendTime(int start, int end, StringBuilder out) {
    out.append("{\\k").append(clock.ticks(end) - clock.ticks(start)).append('}');
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\" + WORD_JOINER).replace("{", "\\{").replace("}", "\\}");
  }
}
