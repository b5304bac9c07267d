package org.ctc4j.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.InvalidInputException;

/** A file of texts, a line for each utterance. */
final class Transcripts {
  private Transcripts() {}

  static List<String> read(Path file, int utterances) throws IOException {
    List<String> lines;
    try {
      lines = new ArrayList<>(Files.readAllLines(file));
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + ": no such file");
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(file + ": expected text in UTF-8");
    }
    if (!lines.isEmpty() && lines.get(0).startsWith("\ufeff")) { // a byte order mark
      lines.set(0, lines.get(0).substring(1));
    }
    if (lines.size() != utterances) {
      throw new InvalidInputException(
          "%s: expected %d lines, one for each utterance, got %d"
              .formatted(file, utterances, lines.size()));
    }
    return lines;
  }
}
