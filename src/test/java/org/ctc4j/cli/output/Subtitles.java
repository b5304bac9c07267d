package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Strict parsers of subtitles. */
public final class Subtitles {
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]*");
  private static final Pattern SRT_TIMES =
      times("([0-9]{2,}):([0-5][0-9]):([0-5][0-9]),([0-9]{3})");
  private static final Pattern VTT_TIMES =
      times("([0-9]{2,}):([0-5][0-9]):([0-5][0-9])\\.([0-9]{3})");
  private static final String ASS_TIME = "([0-9]):([0-5][0-9]):([0-5][0-9])\\.([0-9]{2})";
  private static final Pattern DIALOGUE =
      Pattern.compile(
          "Dialogue: 0,%1$s,%1$s,Default,,0,0,0,,((?:\\{\\\\k[0-9]+\\}|\\\\[{}]|\\\\\u2060|[^{}\\\\])*| )"
              .formatted(ASS_TIME));
  private static final Pattern KARAOKE = Pattern.compile("\\{\\\\k([0-9]+)\\}");

  private Subtitles() {}

  private static Pattern times(String time) {
    return Pattern.compile(time + " --> " + time);
  }

  private static BigDecimal seconds(MatchResult match, int group) {
    long whole =
        3600 * Long.parseLong(match.group(group))
            + 60 * Long.parseLong(match.group(group + 1))
            + Long.parseLong(match.group(group + 2));
    return new BigDecimal(whole + "." + match.group(group + 3));
  }

  public static List<Interval> srt(String text) {
    List<Interval> cues = new ArrayList<>();
    if (text.isEmpty()) {
      return cues;
    }
    Lines lines = new Lines(text);
    while (lines.areMore()) {
      int number = Integer.parseInt(lines.next(NUMBER).group());
      Interval.require(number == cues.size() + 1, "cue " + number);
      MatchResult times = lines.next(SRT_TIMES);
      String cue = lines.next();
      Interval.require(!cue.isEmpty(), "an empty cue");
      lines.next("");
      cues.add(new Interval(seconds(times, 1), seconds(times, 5), cue));
    }
    Interval.requireOrder(cues);
    return cues;
  }

  public static List<Interval> vtt(String text) {
    List<Interval> cues = new ArrayList<>();
    Lines lines = new Lines(text);
    lines.next("WEBVTT");
    while (lines.areMore()) {
      lines.next("");
      MatchResult times = lines.next(VTT_TIMES);
      String cue = lines.next();
      Interval.require(!cue.isEmpty() && !cue.contains("-->"), cue);
      Interval.require(!cue.matches(".*[<>].*"), "not escaped: " + cue);
      Interval.require(!cue.replaceAll("&(amp|lt|gt);", "").contains("&"), "not escaped: " + cue);
      String plain = cue.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
      cues.add(new Interval(seconds(times, 1), seconds(times, 5), plain));
    }
    Interval.requireOrder(cues);
    return cues;
  }

  /** A line of ASS and what is sung in it. */
  public record Karaoke(Interval cue, List<Interval> syllables) {}

  public static List<Karaoke> ass(String text) {
    Lines lines = new Lines(text);
    lines.next("[Script Info]");
    lines.next("ScriptType: v4.00+");
    while (!lines.next().equals("[V4+ Styles]")) {
      // title, resolution
    }
    int styleFields = fields(lines.next(Pattern.compile("Format: (.*)")).group(1));
    int style = fields(lines.next(Pattern.compile("Style: (Default,.*)")).group(1));
    Interval.require(style == styleFields, "a style of " + style + " fields");
    lines.next("");
    lines.next("[Events]");
    lines.next("Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text");
    List<Karaoke> cues = new ArrayList<>();
    List<Interval> all = new ArrayList<>();
    while (lines.areMore()) {
      MatchResult line = lines.next(DIALOGUE);
      Karaoke karaoke = karaoke(seconds(line, 1), seconds(line, 5), line.group(9));
      cues.add(karaoke);
      all.add(karaoke.cue);
    }
    Interval.requireOrder(all);
    return cues;
  }

  private static int fields(String list) {
    return list.split(",", -1).length;
  }

  private static Karaoke karaoke(BigDecimal start, BigDecimal end, String text) {
    List<Interval> syllables = new ArrayList<>();
    StringBuilder all = new StringBuilder();
    Matcher time = KARAOKE.matcher(text);
    BigDecimal at = start;
    boolean begins = time.lookingAt();
    Interval.require(begins, "no karaoke time at the start: " + text);
    while (begins) {
      BigDecimal ends = at.add(new BigDecimal(time.group(1)).movePointLeft(2));
      int from = time.end();
      begins = time.find();
      String sung = text.substring(from, begins ? time.start() : text.length());
      String plain = sung.replace("\\\u2060", "\\").replace("\\{", "{").replace("\\}", "}");
      all.append(plain);
      if (!plain.isBlank()) {
        syllables.add(new Interval(at, ends, plain.strip()));
      }
      at = ends;
    }
    Interval.require(at.compareTo(end) == 0, "karaoke times end at " + at + ", the cue at " + end);
    return new Karaoke(new Interval(start, end, all.toString()), syllables);
  }
}
