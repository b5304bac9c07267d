package org.ctc4j.lm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.ctc4j.io.Text;

/**
 * Reads ARPA files: what is before \data\ is a comment; then how many n-grams of each order there
 * are, and these, an n-gram a line: log10 of its probability, its words, log10 of its backoff,
 * which may be missing.
 */
final class ArpaReader {
  private static final int HIGHEST_ORDER = 64;
  private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9.]+([eE][+-]?[0-9]+)?");
  private static final Pattern COUNT = Pattern.compile("[0-9]{1,18}");

  private final Path file;
  private final List<Level> levels = new ArrayList<>();
  private final WordIndex index = new WordIndex();
  private int[] numbers; // of the index's words in the model

  ArpaReader(Path file) {
    this.file = file;
  }

  NGramModel read() throws IOException {
    try (ArpaLines lines = new ArpaLines(file)) {
      long[] counts = counts(lines);
      Words words = null;
      Section below = null;
      int[] order = null;
      for (int n = 1; n <= counts.length; n++) {
        String title = "\\%d-grams:".formatted(n);
        boolean isLeftOut = n > 1 && counts[n - 1] == 0 && !isKeyword(lines, title);
        if (!isLeftOut) {
          requireKeyword(lines, title);
        }
        int firstLine = lines.number() + 1;
        Section section = n == 1 ? unigrams(lines, counts) : section(lines, n, counts);
        if (n == 1) {
          order = index.sorted();
          words = index.inOrder(order);
          numbers = new int[order.length];
          for (int i = 0; i < order.length; i++) {
            numbers[order[i]] = i;
          }
        } else {
          int[] firsts = section.firsts(below.count());
          levels.set(n - 2, levels.get(n - 2).withFirsts(firsts));
          order = section.order(firsts);
          int duplicate = section.duplicate(order);
          if (duplicate >= 0) {
            throw lines.refusedIn(
                firstLine + duplicate, "this %d-gram was there before".formatted(n));
          }
        }
        levels.add(section.level(order, n == counts.length));
        below = section;
        if (!isLeftOut) {
          skipBlank(lines, "\\end\\");
        }
      }
      requireKeyword(lines, "\\end\\");
      levels.set(0, levels.get(0).withoutWords());
      return new NGramModel(words, levels.toArray(Level[]::new));
    }
  }

  /** The lines between \data\ and the first section. */
  private long[] counts(ArpaLines lines) throws IOException {
    do {
      if (!lines.next()) {
        throw NGramModel.refused(file, "no line \\data\\, expected an ARPA file");
      }
    } while (!isKeyword(lines, "\\data\\"));
    List<Long> counts = new ArrayList<>();
    while (lines.next() && (lines.fields() == 0 || !lines.field(0).startsWith("\\"))) {
      if (lines.fields() > 0) {
        counts.add(count(lines, counts.size() + 1));
      }
    }
    if (counts.isEmpty()) {
      throw lines.refused("expected 'ngram 1=' and how many there are");
    }
    return counts.stream().mapToLong(Long::longValue).toArray();
  }

  private static long count(ArpaLines lines, int n) {
    String text = lines.text().replace(" ", "");
    String start = "ngram" + n + "=";
    String count = text.startsWith(start) ? text.substring(start.length()) : "";
    if (!COUNT.matcher(count).matches() || n > HIGHEST_ORDER) {
      throw lines.refused(
          "expected 'ngram %d=' and a number, or a section, got %s"
              .formatted(n, Text.quote(lines.text())));
    }
    long value = Long.parseLong(count);
    if (value > Section.MOST) {
      throw lines.refused(
          "%d %d-grams, expected at most %d of an order".formatted(value, n, Section.MOST));
    }
    return value;
  }

  /** Goes past empty lines. */
  private void skipBlank(ArpaLines lines, String expected) throws IOException {
    do {
      if (!lines.next()) {
        throw NGramModel.refused(
            file, "ends before %s, an interrupted copy perhaps".formatted(expected));
      }
    } while (lines.fields() == 0);
  }

  private static boolean isKeyword(ArpaLines lines, String keyword) {
    return lines.fields() == 1 && lines.field(0).equals(keyword);
  }

  private static void requireKeyword(ArpaLines lines, String keyword) {
    if (!isKeyword(lines, keyword)) {
      throw lines.refused(
          "expected %s, got %s; are the counts after \\data\\ right?"
              .formatted(keyword, Text.quote(lines.text())));
    }
  }

  private Section unigrams(ArpaLines lines, long[] counts) throws IOException {
    Section section = new Section();
    for (long k = 0; k < counts[0]; k++) {
      nextNGram(lines, 1, k, counts[0]);
      requireUtf8(lines);
      int number = index.add(lines.line, lines.start(1), lines.end(1));
      if (number == -1) {
        throw lines.refused("%s was there before".formatted(Text.quote(lines.field(1))));
      }
      if (number < 0) {
        throw lines.refused("the words are more than 2 GiB");
      }
      section.add(0, number, probability(lines), backoff(lines, 1, counts.length));
    }
    return section;
  }

  private Section section(ArpaLines lines, int n, long[] counts) throws IOException {
    Section section = new Section();
    for (long k = 0; k < counts[n - 1]; k++) {
      nextNGram(lines, n, k, counts[n - 1]);
      int node = number(lines, 1);
      for (int i = 2; i < n; i++) {
        node = levels.get(i - 2).find(node, number(lines, i), levels.get(i - 1));
        if (node < 0) {
          throw lines.refused("its context is no %d-gram".formatted(n - 1));
        }
      }
      float backoff = backoff(lines, n, counts.length);
      section.add(node, number(lines, n), probability(lines), backoff);
    }
    return section;
  }

  private void nextNGram(ArpaLines lines, int n, long k, long count) throws IOException {
    if (!lines.next()) {
      throw NGramModel.refused(
          file, "ends after %d of %d %d-grams, an interrupted copy perhaps".formatted(k, count, n));
    }
    int fields = lines.fields();
    if (fields == 0 || fields == 1 && lines.field(0).startsWith("\\")) {
      throw lines.refused("the end after %d of %d %d-grams".formatted(k, count, n));
    }
    if (fields != n + 1 && fields != n + 2) {
      throw lines.refused(
          "expected a number, %d %s and perhaps another number, got %d fields"
              .formatted(n, n == 1 ? "word" : "words", fields));
    }
  }

  private static void requireUtf8(ArpaLines lines) {
    int from = lines.start(1);
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(lines.line, from, lines.end(1) - from));
    } catch (CharacterCodingException e) {
      throw lines.refused("a word that is not in UTF-8");
    }
  }

  private int number(ArpaLines lines, int field) {
    int found = index.find(lines.line, lines.start(field), lines.end(field));
    if (found < 0) {
      throw lines.refused("%s is no 1-gram".formatted(Text.quote(lines.field(field))));
    }
    return numbers[found];
  }

  private static float probability(ArpaLines lines) {
    String text = lines.field(0);
    if (text.equals("-inf") || text.equals("-Infinity")) {
      return Float.NEGATIVE_INFINITY;
    }
    float value = NUMBER.matcher(text).matches() ? parse(text) : Float.NaN;
    if (!(value <= 0)) {
      throw lines.refused(
          "expected log10 of a probability, a number up to 0, got " + Text.quote(text));
    }
    return value;
  }

  private static float backoff(ArpaLines lines, int n, int order) {
    if (lines.fields() < n + 2) {
      return 0;
    }
    String text = lines.field(n + 1);
    float value = NUMBER.matcher(text).matches() ? parse(text) : Float.NaN;
    if (!Float.isFinite(value)) {
      throw lines.refused("expected log10 of a backoff, got " + Text.quote(text));
    }
    if (n == order && value != 0) {
      throw lines.refused(
          "a backoff of %s, expected none: no n-gram is longer".formatted(Text.quote(text)));
    }
    return value;
  }

  private static float parse(String text) {
    try {
      return Float.parseFloat(text);
    } catch (NumberFormatException e) { // 1.2.3
      return Float.NaN;
    }
  }
}
