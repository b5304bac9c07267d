package org.ctc4j.cli.output;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A text line by line; every line has to be what is expected. */
final class Lines {
  private final String[] lines;
  private int at;

  Lines(String text) {
    Interval.require(text.endsWith("\n"), "the last line has no end");
    lines = text.substring(0, text.length() - 1).split("\n", -1);
  }

  boolean areMore() {
    return at < lines.length;
  }

  String next() {
    Interval.require(areMore(), "ends too early");
    return lines[at++];
  }

  void next(String expected) {
    String line = next();
    Interval.require(
        line.equals(expected), "line " + at + ": expected " + expected + ", got " + line);
  }

  MatchResult next(Pattern expected) {
    String line = next();
    Matcher matcher = expected.matcher(line);
    Interval.require(matcher.matches(), "line " + at + ": expected " + expected + ", got " + line);
    return matcher.toMatchResult();
  }
}
