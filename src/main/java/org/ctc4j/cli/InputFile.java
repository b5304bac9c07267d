package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.NpzReader;

/** Opens what was named: an npz, a single array, standard input, or the sample. */
final class InputFile {
  private static final Path STANDARD_INPUT = Path.of("-");

  private InputFile() {}

  /** Stands for the file in messages. */
  static String name(Path file) {
    return file == null
        ? Sample.NAME
        : file.equals(STANDARD_INPUT) ? "standard input" : file.toString();
  }

  /**
   * @param frames what a single array is called
   */
  static NpzReader open(InputOptions options, String frames) throws IOException {
    Path file = options.file;
    String name = name(file);
    if (file == null) {
      return Sample.open();
    }
    if (file.equals(STANDARD_INPUT)) {
      byte[] content = System.in.readAllBytes();
      if (!NpzReader.isArray(content)) {
        return NpzReader.open(name, content);
      }
      requireInput(options, frames);
      return NpzReader.openArray(name, content, frames);
    }
    if (!NpzReader.isArray(file)) {
      return NpzReader.open(file);
    }
    requireInput(options, frames);
    return NpzReader.openArray(file, frames);
  }

  /** An array without a name does not say what it holds, and all kinds look alike. */
  private static void requireInput(InputOptions options, String frames) {
    if (!options.isGiven("--input")) {
      throw new InvalidInputException(
          "a single array (.npy), which does not say what it holds; expected --input logits, or what else it is, beside it, or an .npz, as numpy.savez(file, %s=x) writes it"
              .formatted(frames));
    }
  }
}
