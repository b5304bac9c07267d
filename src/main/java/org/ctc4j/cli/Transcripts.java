package org.ctc4j.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * A file of texts: a line for each utterance, in order; or Kaldi's {@code text}, "name text" a
 * line, in any order and of others, too. It is Kaldi's if a line begins with the name of an
 * utterance.
 */
final class Transcripts {
  private Transcripts() {}

  /**
   * @param names of the utterances
   */
  static List<String> read(Path file, List<String> names) throws IOException {
    List<String> lines = lines(file);
    Set<String> known = Set.copyOf(names);
    if (lines.stream().anyMatch(line -> known.contains(name(line)))) {
      return byName(file, lines, names);
    }
    if (lines.size() != names.size()) {
      throw new InvalidInputException(
          "%s: expected %d lines, one for each utterance, got %d"
              .formatted(file, names.size(), lines.size()));
    }
    return lines;
  }

  private static List<String> byName(Path file, List<String> lines, List<String> names) {
    Map<String, String> texts = new HashMap<>();
    for (String line : lines) {
      String name = name(line);
      if (texts.put(name, line.substring(name.length())) != null) {
        throw new InvalidInputException(
            "%s: utterance %s has two lines".formatted(file, Text.quote(name)));
      }
    }
    List<String> inOrder = new ArrayList<>();
    for (String name : names) {
      if (!texts.containsKey(name)) {
        throw new InvalidInputException(
            "%s: read as Kaldi's 'name text', but no line begins with %s"
                .formatted(file, Text.quote(name)));
      }
      inOrder.add(texts.get(name));
    }
    return inOrder;
  }

  private static String name(String line) {
    return line.split("[ \t]", 2)[0];
  }

  /** The lines of a file of text, without a byte order mark. */
  static List<String> lines(Path file) throws IOException {
    List<String> lines;
    try {
      lines = new ArrayList<>(Files.readAllLines(file));
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + ": no such file");
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(file + ": expected text in UTF-8");
    }
    if (!lines.isEmpty() && lines.get(0).startsWith("\ufeff")) {
      lines.set(0, lines.get(0).substring(1));
    }
    return lines;
  }
}
