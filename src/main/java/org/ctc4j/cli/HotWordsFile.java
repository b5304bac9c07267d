package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/** A text a line, then a tab and its bonus where it has its own; empty lines are left out. */
final class HotWordsFile {
  private HotWordsFile() {}

  /**
   * @param bonus of lines without one
   */
  static Map<String, Double> read(Path file, double bonus) throws IOException {
    List<String> lines = Transcripts.lines(file);
    Map<String, Double> bonuses = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String[] fields = lines.get(i).split("\t", -1);
      if (!lines.get(i).isBlank()) {
        try {
          if (fields.length > 2 || fields[0].isBlank()) {
            throw new NumberFormatException();
          }
          bonuses.put(fields[0], fields.length == 1 ? bonus : Double.parseDouble(fields[1]));
        } catch (NumberFormatException e) {
          throw new InvalidInputException(
              "%s: line %d: expected a text, or a text, a tab and a number, got %s"
                  .formatted(file, i + 1, Text.quote(lines.get(i))));
        }
      }
    }
    if (bonuses.isEmpty()) {
      throw new InvalidInputException(file + ": expected a text a line, got none");
    }
    return bonuses;
  }
}
