package org.ctc4j.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/** Fairseq's lines of tokens and how often each was counted. Empty lines are no part of it. */
final class FairseqDictionary {
  /** The classes before those of the lines. */
  static final List<String> BEFORE = List.of("<s>", "<pad>", "</s>", "<unk>");

  private static final Pattern LINE = Pattern.compile("(\\S+| )[ \t]+(\\d{1,18})[ \t]*");
  private static final String OVERWRITE = "#fairseq:overwrite";

  private FairseqDictionary() {}

  /** Whether lines are one for sure, as {@link VocabularyFormat#FAIRSEQ} says. */
  static boolean isOne(List<String> lines) {
    List<Long> counts = new ArrayList<>();
    boolean isAnyFlagged = false;
    for (String line : lines) {
      Matcher row = LINE.matcher(line);
      if (row.matches() && !BEFORE.contains(row.group(1))) {
        counts.add(Long.parseLong(row.group(2)));
      } else if (line.endsWith(OVERWRITE)) {
        isAnyFlagged = true;
      } else if (!line.isBlank()) {
        return false;
      }
    }
    return isAnyFlagged || areNoClasses(counts);
  }

  private static boolean areNoClasses(List<Long> counts) {
    int size = counts.size();
    boolean rises = IntStream.range(1, size).anyMatch(i -> counts.get(i) > counts.get(i - 1));
    if (size == 0 || rises) {
      return false;
    }
    long end = counts.get(size - 1) + size;
    long own = counts.stream().filter(count -> count < end).distinct().count();
    return size - own >= Math.max(2, size / 4.0);
  }

  /**
   * The tokens of the lines.
   *
   * @throws InvalidInputException if a line is none or its token is there already
   */
  static List<String> tokens(List<String> lines) {
    Map<String, String> places = new HashMap<>();
    BEFORE.forEach(token -> places.put(token, "one of those that come before all lines"));
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        String token = token(lines.get(i), i + 1);
        String before = places.put(token, "the token of line " + (i + 1));
        if (before != null) {
          throw new InvalidInputException(
              "line %d: expected a token that is not there yet, got %s, %s"
                  .formatted(i + 1, Text.quote(token), before));
        }
        tokens.add(token);
      }
    }
    return tokens;
  }

  private static String token(String line, int number) {
    Matcher parts = LINE.matcher(line);
    if (!parts.matches()) {
      throw new InvalidInputException(
          "line %d: expected a token, a blank and its count%s, got %s"
              .formatted(
                  number,
                  line.endsWith(OVERWRITE) ? "; " + OVERWRITE + " is not supported" : "",
                  Text.quote(line)));
    }
    return parts.group(1);
  }
}
