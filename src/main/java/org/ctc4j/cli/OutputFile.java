package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.ctc4j.InvalidInputException;

/** Where a command is told to write. */
final class OutputFile {
  private OutputFile() {}

  /** A mistyped folder shall not be found out after the work. */
  static void refuseUnwritable(String option, Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new InvalidInputException(
          option + " " + file + ": the folder " + folder + " does not exist");
    }
    if (Files.isDirectory(file)) {
      throw new InvalidInputException(option + " " + file + ": expected a file, this is a folder");
    }
  }

  /** Writes beside the file and moves it there: all or nothing. */
  static void replace(Path file, byte[] content) throws IOException {
    Path temporary = file.resolveSibling(".ctc4j-" + UUID.randomUUID() + ".tmp");
    try {
      Files.write(temporary, content);
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
