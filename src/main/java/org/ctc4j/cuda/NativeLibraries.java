package org.ctc4j.cuda;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads JCuda's native libraries. JCuda unpacks them into {@code java.io.tmpdir}, under a fixed
 * name and without a lock: a file half written by another process would kill this one. So each is
 * unpacked into a directory of its own.
 */
final class NativeLibraries {
  private static final String TEMPORARY = "java.io.tmpdir";

  private NativeLibraries() {}

  /**
   * @param touch runs the initialiser of the class that loads a library
   * @throws LinkageError if it cannot be loaded
   */
  static synchronized void load(Runnable touch) throws IOException {
    String temporary = System.getProperty(TEMPORARY);
    Path directory = Files.createTempDirectory("ctc4j-jcuda");
    try {
      System.setProperty(TEMPORARY, directory.toString());
      touch.run();
    } finally {
      System.setProperty(TEMPORARY, temporary);
      delete(directory);
    }
  }

  /** The message of an error and of all that caused it. */
  static String text(LinkageError error) {
    StringBuilder all = new StringBuilder();
    for (Throwable e = error; e != null; e = e.getCause()) {
      all.append(e).append('\n');
    }
    return all.toString();
  }

  /** The last line of {@link #text} that tells of a link that failed. */
  static String lastLink(String text) {
    return text.lines()
        .filter(line -> line.contains("UnsatisfiedLinkError"))
        .reduce((first, last) -> last)
        .orElse(text)
        .strip();
  }

  /** The library stays mapped when its file is gone. */
  private static void delete(Path directory) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      // it lies in the temporary directory and harms nobody
    }
  }
}
