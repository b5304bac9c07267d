package org.ctc4j.cli;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.ctc4j.ClassOffsets;
import org.ctc4j.CtcOptions;
import org.ctc4j.GradientKind;
import org.ctc4j.Reduction;
import picocli.CommandLine.Option;

/** The file of a batch, how it is to be read, and what losses are to be computed of it. */
final class BatchOptions extends InputOptions {
  @Option(
      names = "--grad-wrt",
      paramLabel = "input|logits",
      defaultValue = "input",
      completionCandidates = GradientKinds.class,
      description =
          "With respect to what the gradient is. For log-probabilities, probabilities and scores"
              + " 'input' is the partial derivative, and 'logits' what PyTorch returns (default:"
              + " ${DEFAULT-VALUE}).")
  GradientKind gradientKind;

  @Option(
      names = "--reduction",
      paramLabel = "none|sum|mean",
      defaultValue = "none",
      completionCandidates = Reductions.class,
      description =
          "How the losses become one; 'mean' divides each by its number of labels first. The"
              + " gradient is of that one, for 'none' of the sum (default: ${DEFAULT-VALUE}).")
  Reduction reduction;

  @Option(
      names = "--zero-infinity",
      description = "Loss 0 instead of Infinity where the target cannot fit.")
  boolean zeroInfinity;

  @Override
  CtcOptions options() {
    return new CtcOptions(blank, input, gradientKind, reduction, zeroInfinity, ClassOffsets.NONE);
  }

  private static final class GradientKinds extends Candidates {
    GradientKinds() {
      super(GradientKind.values());
    }
  }

  private static final class Reductions extends Candidates {
    Reductions() {
      super(Reduction.values());
    }
  }

  /** What completion and help list: the values of an enum of the library's, in lower case. */
  abstract static class Candidates implements Iterable<String> {
    private final List<String> values;

    Candidates(Enum<?>... values) {
      this.values =
          Arrays.stream(values).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
    }

    @Override
    public Iterator<String> iterator() {
      return values.iterator();
    }
  }
}
