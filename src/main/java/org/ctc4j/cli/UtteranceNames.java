package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/** What the utterances of a batch are called: each one something else. */
final class UtteranceNames {
  private UtteranceNames() {}

  /** utterance-0, utterance-1 and so on. */
  static List<String> numbered(int utterances) {
    return IntStream.range(0, utterances).mapToObj(n -> "utterance-" + n).toList();
  }

  /** The lines of a file. */
  static List<String> read(Path file, int utterances) throws IOException {
    try {
      return checked(Transcripts.lines(file), utterances);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(file + ": " + e.getMessage());
    }
  }

  static List<String> checked(List<String> names, int utterances) {
    if (names.size() != utterances) {
      throw new InvalidInputException(
          "expected %d names, one for each utterance, got %d".formatted(utterances, names.size()));
    }
    Map<String, Integer> numbers = new HashMap<>();
    for (int n = 0; n < utterances; n++) {
      String name = names.get(n);
      Integer other = numbers.put(name, n);
      if (other != null) {
        throw new InvalidInputException(
            "expected a name of its own for each utterance, %d and %d are both called %s"
                .formatted(other, n, Text.quote(name)));
      }
      if (name.isBlank()) {
        throw new InvalidInputException("expected names, utterance %d has none".formatted(n));
      }
    }
    return names;
  }

  /**
   * A name as the beginning of a file's.
   *
   * @param option that asks for files
   */
  static String forFile(String option, String name) {
    boolean isPlain = name.codePoints().noneMatch(c -> c == '/' || c == '\\' || c < ' ');
    if (!isPlain) {
      throw new InvalidInputException(
          "%s: expected names of utterances that can be those of files, got %s"
              .formatted(option, Text.quote(name)));
    }
    return name;
  }
}
