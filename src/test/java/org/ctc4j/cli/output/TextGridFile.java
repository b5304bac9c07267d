package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A strict parser of Praat's TextGrid, long text format. */
public final class TextGridFile {
  private static final String TIME = "(0|[0-9]+\\.[0-9]+)";

  private TextGridFile() {}

  /** The intervals of each tier, by its name; those without a text, too. */
  public static Map<String, List<Interval>> tiers(String text) {
    Lines lines = new Lines(text);
    lines.next("File type = \"ooTextFile\"");
    lines.next("Object class = \"TextGrid\"");
    lines.next("");
    lines.next("xmin = 0");
    BigDecimal end = time(lines, "xmax");
    lines.next("tiers? <exists>");
    int size = number(lines, "size = ([1-9])");
    lines.next("item []:");
    Map<String, List<Interval>> tiers = new LinkedHashMap<>();
    for (int tier = 1; tier <= size; tier++) {
      lines.next("    item [" + tier + "]:");
      lines.next("        class = \"IntervalTier\"");
      String name = lines.next(Pattern.compile("        name = \"([a-z]+)\"")).group(1);
      lines.next("        xmin = 0");
      Interval.require(time(lines, "        xmax").equals(end), "tiers of different lengths");
      tiers.put(name, intervals(lines, end));
    }
    Interval.require(tiers.size() == size && !lines.areMore(), "more than " + size + " tiers");
    return tiers;
  }

  private static List<Interval> intervals(Lines lines, BigDecimal end) {
    int count = number(lines, "        intervals: size = ([1-9][0-9]*)");
    List<Interval> intervals = new ArrayList<>();
    BigDecimal at = BigDecimal.ZERO;
    for (int i = 1; i <= count; i++) {
      lines.next("        intervals [" + i + "]:");
      BigDecimal start = time(lines, "            xmin");
      BigDecimal stop = time(lines, "            xmax");
      Interval.require(start.compareTo(at) == 0, "a gap or an overlap at " + start);
      String quoted =
          lines.next(Pattern.compile("            text = \"((?:[^\"]|\"\")*)\"")).group(1);
      intervals.add(new Interval(start, stop, quoted.replace("\"\"", "\"")));
      at = stop;
    }
    Interval.require(at.compareTo(end) == 0, "a tier that ends at " + at);
    return intervals;
  }

  private static BigDecimal time(Lines lines, String name) {
    return new BigDecimal(lines.next(Pattern.compile(name + " = " + TIME)).group(1));
  }

  private static int number(Lines lines, String pattern) {
    return Integer.parseInt(lines.next(Pattern.compile(pattern)).group(1));
  }
}
