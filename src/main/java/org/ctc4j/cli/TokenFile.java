package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * Files of what the classes are called. Three forms:
 *
 * <ul>
 *   <li>Named *.json: a Hugging Face vocabulary, {"token": class, …}.
 *   <li>Every line is a token, white space and a number: a table of k2's, Kaldi's or OpenFst's.
 *       What such tables have for disambiguation, "#0", "#1", …, after all classes, is no class.
 *   <li>Else a token a line, that of class 0 first.
 * </ul>
 */
final class TokenFile {
  private static final Pattern TABLE_LINE = Pattern.compile("(\\S+| )[ \t]+(\\d{1,9})");
  private static final Pattern DISAMBIGUATION = Pattern.compile("#\\d+");

  private TokenFile() {}

  /**
   * @param classes how many the logits have
   */
  static List<String> read(Path file, int classes) throws IOException {
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
    String name = file.toString();
    List<String> tokens =
        name.endsWith(".json") ? parseVocabulary(name, text) : parseText(name, text, classes);
    if (tokens.isEmpty()) {
      throw new InvalidInputException(file + ": expected one token a line, the file has none");
    }
    return tokens;
  }

  private static List<String> parseText(String name, String text, int classes) {
    boolean table = text.lines().allMatch(line -> TABLE_LINE.matcher(line).matches());
    return table ? parseTable(name, text.lines().toList(), classes) : parseLines(name, text);
  }

  static List<String> parseLines(String name, String text) {
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
            "%s: line %d has the token of line %d again, %s"
                .formatted(name, i + 1, before + 1, Text.quote(tokens.get(i))));
      }
    }
    return tokens;
  }

  private static List<String> parseTable(String name, List<String> lines, int classes) {
    Map<Integer, String> byClass = new HashMap<>();
    for (String line : lines) {
      Matcher parts = TABLE_LINE.matcher(line);
      parts.matches();
      int number = Integer.parseInt(parts.group(2));
      boolean isClass = number < classes || !DISAMBIGUATION.matcher(parts.group(1)).matches();
      if (isClass) {
        put(name, byClass, number, parts.group(1));
      }
    }
    return inOrder(name, byClass);
  }

  private static List<String> parseVocabulary(String name, String text) throws IOException {
    Map<Integer, String> byClass = new HashMap<>();
    try (JsonParser json = new JsonFactory().createParser(text)) {
      boolean isObject = json.nextToken() == JsonToken.START_OBJECT;
      while (isObject && json.nextToken() == JsonToken.FIELD_NAME) {
        String token = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
          throw new InvalidInputException(
              "%s: token %s has %s, expected the number of its class"
                  .formatted(name, Text.quote(token), Text.brief(json.getText())));
        }
        put(name, byClass, json.getIntValue(), token);
      }
      if (!isObject) {
        throw new InvalidInputException(name + ": expected a JSON object of tokens and classes");
      }
    } catch (JsonProcessingException e) {
      throw new InvalidInputException(
          name + ": not valid JSON: " + Text.brief(e.getOriginalMessage()));
    }
    return inOrder(name, byClass);
  }

  private static void put(String name, Map<Integer, String> byClass, int number, String token) {
    String before = byClass.put(number, token);
    if (before != null) {
      throw new InvalidInputException(
          "%s: tokens %s and %s have the same class, %d"
              .formatted(name, Text.quote(before), Text.quote(token), number));
    }
  }

  private static List<String> inOrder(String name, Map<Integer, String> byClass) {
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
}
