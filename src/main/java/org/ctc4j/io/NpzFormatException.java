package org.ctc4j.io;

import java.io.IOException;

/**
 * A file is not an {@code .npz} that can be read, or an array in it is not what the caller asked
 * for. The message is one line that names the file, the array where there is one, what was expected
 * and what came.
 */
public final class NpzFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  NpzFormatException(String message) {
    super(message);
  }

  NpzFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
