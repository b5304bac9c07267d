package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.OutputTarget;

/** Where one command line writes: each place is looked at before the work, beside the others. */
final class Outputs {
  private static final Path STANDARD_OUTPUT = Path.of("/dev/stdout");

  private final Map<Object, String> taken = new HashMap<>(); // by identity, what it is

  /**
   * @param inputs what the command reads; null for what was not given
   */
  Outputs(Path... inputs) throws IOException {
    take(OutputTarget.identity(STANDARD_OUTPUT), "where standard output goes");
    for (Path input : inputs) {
      if (input != null) {
        take(OutputTarget.identity(input), "the input " + input);
      }
    }
  }

  private void take(Object identity, String what) {
    if (identity != null) {
      taken.put(identity, what);
    }
  }

  /**
   * The place that an option names, which can be written and is nothing else's.
   *
   * @param file null if the option was not given; the result is null then
   */
  OutputTarget add(String option, Path file) throws IOException {
    if (file == null) {
      return null;
    }
    OutputTarget target;
    try {
      target = OutputTarget.of(file);
    } catch (IOException e) {
      throw new InvalidInputException(option + ": " + e.getMessage());
    }
    Object identity = target.identity();
    String other = taken.get(identity);
    if (other != null) {
      throw new InvalidInputException(
          "%s %s: expected a file of its own, this is %s".formatted(option, file, other));
    }
    take(identity, "what " + option + " writes");
    return target;
  }
}
