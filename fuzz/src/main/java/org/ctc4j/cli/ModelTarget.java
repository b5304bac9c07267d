package org.ctc4j.cli;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.InvalidInputException;
import org.ctc4j.lm.NGramModel;

/**
 * Language models: read, or refused in one line that names the file; one that was read is the same
 * after it was written.
 */
public final class ModelTarget {
  private static final Path FILE = Scratch.file("model");
  private static final Path WRITTEN = Scratch.file("model-written");
  private static final List<String> SENTENCE = List.of("a", "b", "a", "<unk>", "a");

  private ModelTarget() {}

  public static void fuzzerTestOneInput(FuzzedDataProvider data) throws IOException {
    Files.write(FILE, data.consumeRemainingAsBytes());
    try {
      NGramModel model = NGramModel.read(FILE);
      double log10 = model.log10Probability(SENTENCE);
      model.write(WRITTEN);
      double again = NGramModel.read(WRITTEN).log10Probability(SENTENCE);
      if (Double.compare(again, log10) != 0) {
        throw new AssertionError("%s gives %s, written %s".formatted(model, log10, again));
      }
    } catch (InvalidInputException e) {
      if (!e.getMessage().startsWith(FILE.toString()) || e.getMessage().contains("\n")) {
        throw new AssertionError("message: " + e.getMessage(), e);
      }
    } catch (IllegalStateException e) {
      if (!e.getMessage().contains("damaged")) { // what a mapped file says where it is looked up
        throw e;
      }
    }
  }
}
