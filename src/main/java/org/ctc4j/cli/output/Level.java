package org.ctc4j.cli.output;

import java.util.Locale;

/** What stands in a line of its own. */
public enum Level {
  LABELS,
  WORDS,
  SEGMENTS;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
