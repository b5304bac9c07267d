package org.ctc4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of this process for what is tested through files. */
final class Scratch {
  private static final Path FOLDER = folder();

  private Scratch() {}

  static Path file(String name) {
    return FOLDER.resolve(name);
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory("ctc4j-fuzz-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
