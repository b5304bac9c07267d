package org.ctc4j.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/** Wording shared by the messages of this package. */
final class Text {
  private static final int LONGEST_QUOTE = 80;
  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Text() {}

  /** On one line whatever it holds: text from a file must not break or forge a log. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isPlain(c)) {
                out.appendCodePoint(c);
              } else {
                out.append(String.format("\\u%04x", c));
              }
            });
    return out.toString();
  }

  private static boolean isPlain(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /** Printable and not long. */
  static String brief(String text) {
    return text.length() <= LONGEST_QUOTE
        ? printable(text)
        : printable(text.substring(0, LONGEST_QUOTE)) + "...";
  }

  static String quote(String text) {
    return "'" + brief(text) + "'";
  }

  /** What went wrong, without the path that file system exceptions put in front of it. */
  static String cause(Throwable problem) {
    if (problem instanceof FileSystemException e && e.getReason() != null) {
      return brief(e.getReason());
    }
    if (problem instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (problem instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (problem instanceof FileSystemException || problem.getMessage() == null) {
      return problem.getClass().getSimpleName();
    }
    return brief(problem.getMessage());
  }

  static IOException unreadable(String where, IOException problem) {
    return new IOException(where + ": cannot be read: " + cause(problem), problem);
  }

  /** 1536 is {@code 1.5 KiB}. */
  static String bytes(long count) {
    if (count < 1024) {
      return count + " bytes";
    }
    double value = count / 1024.0;
    int unit = 0;
    while (value >= 1024) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }
}
