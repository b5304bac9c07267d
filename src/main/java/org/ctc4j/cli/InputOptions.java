package org.ctc4j.cli;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.ctc4j.CtcOptions;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The file of a batch, and how it is to be read. */
class InputOptions {
  @Parameters(
      arity = "0..1",
      paramLabel = "FILE.npz",
      description = {
        "A NumPy archive of one batch. Arrays:",
        "  logits          float, (T, N, C) or (N, T, C)",
        "  targets         integer, padded (N, Lmax) or concatenated",
        "  input_lengths   integer, (N); default: all T frames",
        "  target_lengths  integer, (N); default: Lmax, or up to padding by -1 or -100; needed for"
            + " concatenated targets of several utterances",
        "  names           strings, (N): what utterances are called",
        "Also one (T, C) array, of one utterance, with targets (L); an .npy, with --input beside it; '-' for an .npz or .npy on"
            + " standard input.",
        "Default: eight recordings of real speech that come with ctc4j."
      })
  Path file;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin ArrayOptions arrays;

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
      description =
          "Order of the logits' axes: frames T, utterances N (default: ${DEFAULT-VALUE}).")
  Layout layout;

  @Option(
      names = "--input",
      paramLabel = "logits|log_probs|probs|scores",
      defaultValue = "logits",
      converter = KindConverter.class,
      completionCandidates = Inputs.class,
      description =
          "What 'logits' holds: numbers before log-softmax; log-probabilities; probabilities; or"
              + " scores that need not sum to 1, taken as they are (default: ${DEFAULT-VALUE}).")
  InputKind input;

  @Option(
      names = "--bfloat16",
      description = "Logits of uint16 or V2 are the bits of bfloat16 numbers.")
  boolean bfloat16;

  /** Whether an option was given, and does not have its default. */
  boolean isGiven(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** The blank must be known before labels are named. */
  void requireBlank(BatchFile file) {
    int classes = file.batch().logits().classes();
    if (blank < 0 || blank >= classes) {
      throw new InvalidInputException(
          "%s: blank: expected a class index in [0, %d), got %d"
              .formatted(file.name(), classes, blank));
    }
  }

  CtcOptions options() {
    return CtcOptions.DEFAULT.withBlank(blank).withInput(input);
  }

  private static final class Inputs implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("logits", "log_probs", "probs", "scores").iterator();
    }
  }

  /** By name in any case; 'probs' for the longest. */
  private static final class KindConverter implements ITypeConverter<InputKind> {
    @Override
    public InputKind convert(String word) {
      String name = word.equalsIgnoreCase("probs") ? InputKind.PROBABILITIES.name() : word;
      for (InputKind kind : InputKind.values()) {
        if (kind.name().equalsIgnoreCase(name)) {
          return kind;
        }
      }
      throw new TypeConversionException(
          "expected one of [logits, log_probs, probs, scores] but was '%s'".formatted(word));
    }
  }
}
