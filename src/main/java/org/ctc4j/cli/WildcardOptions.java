package org.ctc4j.cli;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import picocli.CommandLine.Option;

/** What targets leave open, and what that costs. */
final class WildcardOptions {
  private static final String DEFAULT_PENALTY = "0.1";

  @Option(
      names = "--wildcards",
      description =
          "The file's targets may hold "
              + Wildcards.FRAMES
              + ", any run of frames, and "
              + Wildcards.LABELS
              + ", any run of labels.")
  private boolean areInTargets;

  @Option(
      names = "--star-penalty",
      paramLabel = "NATS",
      description =
          "For each frame on a wildcard, so that it takes no more than it has to (default: "
              + DEFAULT_PENALTY
              + ").")
  private Double penalty;

  @Option(
      names = "--skip-cost",
      paramLabel = "NATS",
      description =
          "Labels may be left out, each at this cost: for transcripts that are not all in the audio.")
  private Double skipCost;

  /**
   * What the options say; null where nothing is open.
   *
   * @param areInTexts whether there are wildcards in transcripts
   */
  Wildcards of(boolean areInTexts) {
    boolean are = areInTargets || areInTexts;
    if (penalty != null && !are) {
      throw new InvalidInputException("--star-penalty: expected wildcards beside it, got none");
    }
    double each = penalty == null ? Double.parseDouble(DEFAULT_PENALTY) : penalty;
    double left = skipCost == null ? Double.POSITIVE_INFINITY : skipCost;
    return are || skipCost != null ? new Wildcards(each, each, left) : null;
  }

  /** A batch with the file's targets and these. */
  CtcBatch addTo(CtcBatch batch) {
    return of(false) == null ? batch : with(batch, batch.targets().withWildcards(of(false)));
  }

  /** The same batch with other targets. */
  static CtcBatch with(CtcBatch batch, Targets targets) {
    int[] inputLengths = new int[batch.utterances()];
    Arrays.setAll(inputLengths, batch::inputLength);
    return CtcBatch.of(batch.logits(), targets, inputLengths);
  }
}
