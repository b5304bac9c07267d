package org.ctc4j.io;

import java.io.IOException;

/** Bytes that say they are an npz: read, or refused in one line that names the file. */
public final class ZipTarget {
  private static final String NAME = "fuzzed.npz";

  private ZipTarget() {}

  public static void fuzzerTestOneInput(byte[] bytes) {
    try (NpzReader reader = NpzReader.open(NAME, bytes)) {
      for (String array : reader.names()) {
        try {
          NpyHeader header = reader.header(array);
          if (!reader.read(array).header().equals(header)) {
            throw new AssertionError("two headers of " + array);
          }
        } catch (IOException e) {
          requireOneLine(e);
        }
      }
    } catch (IOException e) {
      requireOneLine(e);
    }
  }

  static void requireOneLine(IOException e) {
    String message = e.getMessage();
    if (message == null || !message.startsWith(NAME) || message.contains("\n")) {
      throw new AssertionError("message: " + message, e);
    }
  }

  /** Reads the array of an archive that is sound. */
  static NpyArray read(byte[] zip, String array) throws IOException {
    try (NpzReader reader = NpzReader.open(NAME, zip)) {
      return reader.read(array);
    }
  }
}
