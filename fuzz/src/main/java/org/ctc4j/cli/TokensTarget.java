package org.ctc4j.cli;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.VocabularyFormat;
import org.ctc4j.text.VocabularyOptions;

/** Token files, as text and as JSON: read, or refused in one line that names the file. */
public final class TokensTarget {
  private static final Path TEXT = Scratch.file("tokens.txt");
  private static final Path JSON = Scratch.file("tokens.json");

  private TokensTarget() {}

  public static void fuzzerTestOneInput(FuzzedDataProvider data) throws IOException {
    Path file = data.consumeBoolean() ? TEXT : JSON;
    int classes = data.consumeInt(1, 12);
    int named = data.consumeInt(0, 2 * VocabularyFormat.values().length);
    byte[] content =
        data.consumeBoolean()
            ? data.consumeRemainingAsBytes()
            : data.consumeRemainingAsString().getBytes(StandardCharsets.UTF_8);
    Files.write(file, content);
    VocabularyFormat[] formats = VocabularyFormat.values();
    VocabularyFormat format = named < formats.length ? formats[named] : null;
    VocabularyOptions options =
        VocabularyOptions.DEFAULT.withFormat(format).withClasses(classes).withBlank(classes - 1);
    try {
      Vocabulary vocabulary = Vocabulary.read(file, options);
      if (vocabulary.size() != classes) {
        throw new AssertionError(vocabulary + " for " + classes + " classes");
      }
      int[] labels = IntStream.range(0, classes).toArray();
      String text = vocabulary.text(labels);
      if (text.startsWith(" ") || text.endsWith(" ")) {
        throw new AssertionError("text: '" + text + "'");
      }
      vocabulary.words(labels);
    } catch (InvalidInputException e) {
      if (!e.getMessage().startsWith(file.toString()) || e.getMessage().contains("\n")) {
        throw new AssertionError("message: " + e.getMessage(), e);
      }
    }
  }
}
