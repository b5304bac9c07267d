package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctc4j.InvalidInputException;

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
      tokens = new Tokens(file.toString(), parse(file), blank);
    } else if (isSample) {
      try (InputStream in = Tokens.class.getResourceAsStream("sample/tokens.txt")) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        tokens = new Tokens(Sample.NAME, parseLines("tokens.txt", text), blank);
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

  private static List<String> parse(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new InvalidInputException(file + ": expected a file of tokens, this is a folder");
    }
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + ": no such file");
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(file + ": expected text in UTF-8");
    }
    List<String> tokens =
        file.toString().endsWith(".json")
            ? parseVocabulary(file.toString(), text)
            : parseLines(file.toString(), text);
    if (tokens.isEmpty()) {
      throw new InvalidInputException(file + ": expected one token a line, the file has none");
    }
    return tokens;
  }

  private static List<String> parseLines(String name, String text) {
    List<String> tokens = text.lines().toList();
    Map<String, Integer> lines = new HashMap<>();
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).isEmpty()) {
        throw new InvalidInputException(
            "%s: line %d is empty, expected a token".formatted(name, i + 1));
      }
      Integer before = lines.put(tokens.get(i), i);
      if (before != null) {
        throw new InvalidInputException(
            "%s: line %d has the token of line %d again, '%s'"
                .formatted(name, i + 1, before + 1, tokens.get(i)));
      }
    }
    return tokens;
  }

  /** {"token": class, …}. */
  private static List<String> parseVocabulary(String name, String text) throws IOException {
    Map<Integer, String> byClass = new HashMap<>();
    try (JsonParser json = new JsonFactory().createParser(text)) {
      boolean isObject = json.nextToken() == JsonToken.START_OBJECT;
      while (isObject && json.nextToken() == JsonToken.FIELD_NAME) {
        String token = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
          throw new InvalidInputException(
              "%s: token '%s' has %s, expected the number of its class"
                  .formatted(name, token, json.getText()));
        }
        String before = byClass.put(json.getIntValue(), token);
        if (before != null) {
          throw new InvalidInputException(
              "%s: tokens '%s' and '%s' have the same class, %d"
                  .formatted(name, before, token, json.getIntValue()));
        }
      }
      if (!isObject) {
        throw new InvalidInputException(name + ": expected a JSON object of tokens and classes");
      }
    } catch (JsonProcessingException e) {
      throw new InvalidInputException(name + ": not valid JSON: " + e.getOriginalMessage());
    }
    String[] tokens = new String[byClass.size()];
    for (int c = 0; c < tokens.length; c++) {
      tokens[c] = byClass.get(c);
      if (tokens[c] == null) {
        throw new InvalidInputException(
            "%s: %d tokens, but none has class %d; expected classes 0 to %d, each once"
                .formatted(name, tokens.length, c, tokens.length - 1));
      }
    }
    return Arrays.asList(tokens);
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
            "%s: no token of %s stands for '%s' at position %d of \"%s\""
                .formatted(where, name, Character.toString(rest.codePointAt(at)), at, rest));
      }
      labels[count++] = classes.get(rest.substring(at, end));
      at = end;
    }
    return Arrays.copyOf(labels, count);
  }
}
