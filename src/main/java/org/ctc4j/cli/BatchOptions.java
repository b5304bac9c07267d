package org.ctc4j.cli;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.ctc4j.CtcOptions;
import org.ctc4j.GradientKind;
import org.ctc4j.InputKind;
import org.ctc4j.Reduction;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The file of a batch, how it is to be read, and what is to be computed of it. */
final class BatchOptions {
  @Parameters(
      arity = "0..1",
      paramLabel = "FILE.npz",
      description = {
        "A NumPy archive of one batch. Arrays:",
        "  logits          float, (T, N, C) or (N, T, C)",
        "  targets         integer, padded (N, Lmax) or concatenated",
        "  input_lengths   integer, (N); default: all T frames",
        "  target_lengths  integer, (N); default: Lmax; needed for concatenated targets",
        "Default: eight recordings of real speech that come with ctc4j."
      })
  Path file;

  @Option(
      names = "--blank",
      paramLabel = "K",
      defaultValue = "0",
      description = "Class index of the blank (default: ${DEFAULT-VALUE}).")
  int blank;

  @Option(
      names = "--layout",
      paramLabel = "tnc|ntc",
      defaultValue = "tnc",
      completionCandidates = Layouts.class,
      description =
          "Order of the logits' axes: frames T, utterances N (default: ${DEFAULT-VALUE}).")
  Layout layout;

  @Option(
      names = "--input",
      paramLabel = "logits|log_probs",
      defaultValue = "logits",
      completionCandidates = Inputs.class,
      description =
          "What 'logits' holds: scores before log-softmax, or log-probabilities (default:"
              + " ${DEFAULT-VALUE}).")
  InputKind input;

  @Option(
      names = "--grad-wrt",
      paramLabel = "input|logits",
      defaultValue = "input",
      completionCandidates = GradientKinds.class,
      description =
          "With respect to what the gradient is. For log-probabilities 'input' is the partial"
              + " derivative, and 'logits' what PyTorch returns (default: ${DEFAULT-VALUE}).")
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

  @Option(names = "--bfloat16", description = "uint16 logits are the bits of bfloat16 numbers.")
  boolean bfloat16;

  CtcOptions options() {
    return new CtcOptions(blank, input, gradientKind, reduction, zeroInfinity);
  }

  private static final class Layouts extends Candidates {
    Layouts() {
      super("tnc", "ntc");
    }
  }

  private static final class Inputs extends Candidates {
    Inputs() {
      super("logits", "log_probs");
    }
  }

  private static final class GradientKinds extends Candidates {
    GradientKinds() {
      super("input", "logits");
    }
  }

  private static final class Reductions extends Candidates {
    Reductions() {
      super("none", "sum", "mean");
    }
  }

  /** What completion and help list, spelled as the contract spells it. */
  abstract static class Candidates implements Iterable<String> {
    private final List<String> values;

    Candidates(String... values) {
      this.values = List.of(values);
    }

    @Override
    public Iterator<String> iterator() {
      return values.iterator();
    }
  }
}
