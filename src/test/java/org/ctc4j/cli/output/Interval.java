package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.util.List;

/** A text and its time, as a parser found it. */
public record Interval(BigDecimal start, BigDecimal end, String text) {
  public Interval {
    require(start.signum() >= 0, "a start before 0: " + start);
    require(end.compareTo(start) > 0, "an end that is not after the start: " + start + ", " + end);
  }

  /** In order, without overlaps. */
  public static void requireOrder(List<Interval> intervals) {
    for (int i = 1; i < intervals.size(); i++) {
      Interval before = intervals.get(i - 1);
      require(
          intervals.get(i).start.compareTo(before.end) >= 0,
          "an overlap: " + before + ", " + intervals.get(i));
    }
  }

  static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException(what);
    }
  }
}
