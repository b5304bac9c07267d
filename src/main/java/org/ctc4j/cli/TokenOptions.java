package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.ctc4j.InvalidInputException;
import picocli.CommandLine.Option;

/** What labels are called, and how long a frame is. */
final class TokenOptions {
  private static final double SAMPLE_FRAME_SHIFT = 0.02;

  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      description = {
        "What the classes are called: a text file of one token a line, that of class 0 first, or of"
            + " 'token number' a line, as k2 has them, or a Hugging Face vocab.json. '<space>', '|' and '▁' stand for the space between words.",
        "Default: the sample's own; for a file the class numbers."
      })
  private Path tokens;

  @Option(
      names = "--frame-shift",
      paramLabel = "SECONDS",
      description = "Seconds from one frame to the next; 0.02 for the sample. Gives times.")
  private Double frameShift;

  /** The file of tokens, or null. */
  Path file() {
    return tokens;
  }

  Tokens tokens(InputOptions input, BatchFile file) throws IOException {
    input.requireBlank(file);
    int classes = file.batch().logits().classes();
    return Tokens.read(tokens, input.file == null, classes, input.blank);
  }

  /** Seconds, or null if not known. */
  Double frameShift(InputOptions input) {
    if (frameShift == null) {
      return input.file == null ? SAMPLE_FRAME_SHIFT : null;
    }
    if (!(frameShift > 0 && frameShift < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "--frame-shift: expected a number of seconds above 0, got " + frameShift);
    }
    return frameShift;
  }
}
