package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.ctc4j.CtcOptions;
import org.ctc4j.Elements;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelPriors;
import org.ctc4j.io.NpzReader;
import picocli.CommandLine.Option;

/** What is added to the log-probability of each class: blank penalty and label priors. */
final class OffsetOptions {
  private static final String ARRAY = "priors";

  @Option(
      names = "--blank-penalty",
      paramLabel = "NATS",
      defaultValue = "0",
      description =
          "What is taken from the blank's log-probability in every frame, without normalising again"
              + " (default: ${DEFAULT-VALUE}).")
  private double blankPenalty;

  @Option(
      names = "--label-priors",
      paramLabel = "P.npy",
      description =
          "Natural logarithms of the priors of all classes, (C) or in an .npz as 'priors':"
              + " probabilities are divided by prior^scale, without normalising again.")
  private Path priors;

  @Option(
      names = "--prior-scale",
      paramLabel = "X",
      description = "How much of the priors counts; needed beside --label-priors; 0.3 is usual.")
  private Double priorScale;

  /** The options with these added. */
  CtcOptions addTo(CtcOptions options) throws IOException {
    if ((priors == null) != (priorScale == null)) {
      throw new InvalidInputException(
          priors == null
              ? "--prior-scale: only with --label-priors, which is missing"
              : "--label-priors: only with --prior-scale, which is missing; 0.3 is usual");
    }
    return options
        .withBlankPenalty(blankPenalty)
        .withLabelPriors(priors == null ? null : read(priors, priorScale));
  }

  private static LabelPriors read(Path file, double scale) throws IOException {
    try (NpzReader npz =
        NpzReader.isArray(file) ? NpzReader.openArray(file, ARRAY) : NpzReader.open(file)) {
      FloatArrays.requireType(npz.header(ARRAY), ARRAY, false);
      FloatArrays.shape(npz.header(ARRAY), ARRAY, 1, "(C)");
      Elements numbers = FloatArrays.elements(npz.read(ARRAY));
      return LabelPriors.of(
          LongStream.range(0, numbers.length()).mapToDouble(numbers::get).toArray(), scale);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(file + ": " + e.getMessage());
    }
  }
}
