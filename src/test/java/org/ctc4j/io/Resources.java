package org.ctc4j.io;

import java.io.IOException;
import java.io.InputStream;

/** The files that make_npz.py made. */
final class Resources {
  private Resources() {}

  static byte[] bytes(String name) throws IOException {
    try (InputStream in = Resources.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  static NpzReader open(String name) throws IOException {
    return NpzReader.open(name, bytes(name));
  }
}
