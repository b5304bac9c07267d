package org.ctc4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * What each class is called. "&lt;space&gt;", "|", "▁" and a blank character stand for the space
 * between words, and so does a leading "▁".
 */
final class Tokens {
  private static final String WORD_START = "▁";
  private static final List<String> SPACES = List.of("<space>", "|", " ", WORD_START);

  private final String name;
  private final List<String> tokens;
  private final int blank;

  private Tokens(String name, List<String> tokens, int blank) {
    this.name = name;
    this.tokens = tokens;
    this.blank = blank;
  }

  /**
   * Reads the file that was named; without one, the tokens of the sample or, for a file of the
   * user's, the class numbers.
   *
   * @param file or null
   * @param isSample whether the batch is the sample
   */
  static Tokens read(Path file, boolean isSample, int classes, int blank) throws IOException {
    Tokens tokens;
    if (file != null) {
      tokens = new Tokens(file.toString(), TokenFile.read(file, classes), blank);
    } else if (isSample) {
      try (InputStream in = Tokens.class.getResourceAsStream("sample/tokens.txt")) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        tokens = new Tokens(Sample.NAME, TokenFile.parseLines("tokens.txt", text), blank);
      }
    } else {
      List<String> numbers = new ArrayList<>();
      for (int c = 0; c < classes; c++) {
        numbers.add(Integer.toString(c));
      }
      return new Tokens("class numbers", numbers, blank);
    }
    if (tokens.tokens.size() != classes) {
      throw new InvalidInputException(
          "%s: expected %d tokens, one for each class of the logits, the blank included, got %d"
              .formatted(tokens.name, classes, tokens.tokens.size()));
    }
    return tokens;
  }

  /** What class c is called in the file. */
  String token(int c) {
    return tokens.get(c);
  }

  /** Class c where there is little room: the blank as "_", a space as "␣". */
  String symbol(int c) {
    return c == blank ? "_" : isSpace(c) ? "␣" : token(c);
  }

  /** Whether class c is the space between words. */
  boolean isSpace(int c) {
    return c != blank && SPACES.contains(tokens.get(c));
  }

  /** Whether class c begins a word. */
  boolean beginsWord(int c) {
    return tokens.get(c).startsWith(WORD_START);
  }

  /** Whether labels can be put together to words. */
  boolean haveWords() {
    for (int c = 0; c < tokens.size(); c++) {
      if (c != blank && (isSpace(c) || beginsWord(c))) {
        return true;
      }
    }
    return false;
  }

  /** What class c adds to a word. */
  String inWord(int c) {
    return isSpace(c) ? "" : beginsWord(c) ? tokens.get(c).substring(1) : tokens.get(c);
  }

  /** Labels as text for people: words, or tokens with blanks between them. */
  String text(int[] labels) {
    StringBuilder text = new StringBuilder();
    boolean words = haveWords();
    for (int label : labels) {
      boolean apart = words ? isSpace(label) || beginsWord(label) : true;
      text.append(apart && text.length() > 0 ? " " : "").append(inWord(label));
    }
    return text.toString();
  }

  /**
   * Text as labels, of all tokens that fit the longest one first.
   *
   * @param where the text is, for messages
   */
  int[] encode(String text, String where) {
    Map<String, Integer> classes = new HashMap<>();
    int longest = 0;
    for (int c = 0; c < tokens.size(); c++) {
      if (c != blank) {
        classes.put(isSpace(c) ? " " : tokens.get(c).replace(WORD_START, " "), c);
        longest = Math.max(longest, tokens.get(c).length());
      }
    }
    boolean startsWithSpace = false;
    for (int c = 0; c < tokens.size(); c++) {
      startsWithSpace |= c != blank && beginsWord(c);
    }
    String rest = (startsWithSpace ? " " : "") + text.strip().replaceAll("\\s+", " ");
    int[] labels = new int[rest.length()];
    int count = 0;
    for (int at = 0; at < rest.length(); ) {
      int end = Math.min(rest.length(), at + longest);
      while (end > at && !classes.containsKey(rest.substring(at, end))) {
        end--;
      }
      if (end == at) {
        throw new InvalidInputException(
            "%s: no token of %s stands for %s at position %d of %s"
                .formatted(
                    where,
                    name,
                    Text.quote(Character.toString(rest.codePointAt(at))),
                    at,
                    Text.quote(rest)));
      }
      labels[count++] = classes.get(rest.substring(at, end));
      at = end;
    }
    return Arrays.copyOf(labels, count);
  }
}
