package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** A strict parser of NIST's CTM, sorted as SCTK wants it: sort +0 -1 +1 -2 +2nb -3. */
public final class CtmFile {
  private static final Pattern LINE =
      Pattern.compile(
          "(\\S+) 1 ([0-9]+\\.[0-9]{3,6}) ([0-9]+\\.[0-9]{3,6}) (\\S+) ([01]\\.[0-9]{4})");

  private CtmFile() {}

  /** The words of each recording, by its name. */
  public static Map<String, List<Interval>> words(String text) {
    Map<String, List<Interval>> words = new LinkedHashMap<>();
    String last = "";
    Lines lines = new Lines(text.isEmpty() ? ";; nothing\n" : text);
    while (lines.areMore()) {
      MatchResult line = lines.next(Pattern.compile(";; .*|" + LINE));
      if (line.group(1) == null) {
        continue; // a comment
      }
      String name = line.group(1);
      Interval.require(
          Arrays.compareUnsigned(
                  last.getBytes(StandardCharsets.UTF_8), name.getBytes(StandardCharsets.UTF_8))
              <= 0,
          "not sorted: " + last + ", " + name);
      last = name;
      BigDecimal start = new BigDecimal(line.group(2));
      BigDecimal end = start.add(new BigDecimal(line.group(3)));
      words
          .computeIfAbsent(name, key -> new ArrayList<>())
          .add(new Interval(start, end, line.group(4)));
    }
    words.values().forEach(Interval::requireOrder);
    return words;
  }
}
