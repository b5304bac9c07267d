package org.ctc4j.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What may stand in a message of text that comes from files and arguments: nothing that breaks or
 * forges a line or moves the cursor of a terminal, and nothing long.
 */
public final class Text {
  private static final int LONGEST_QUOTE = 200;

  /**
   * Control characters, formats, halves of surrogate pairs, and what parts lines and paragraphs.
   */
  private static final Pattern NOT_PLAIN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");

  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Text() {}

  /** All of the text, with what is not plain as backslash, u and hexadecimal digits. */
  public static String printable(String text) {
    return NOT_PLAIN.matcher(text).replaceAll(c -> "\\\\u%04x".formatted(c.group().codePointAt(0)));
  }

  /** Printable and not long: a name, a token, a piece of a line. */
  public static String brief(String text) {
    return brief(text, LONGEST_QUOTE);
  }

  /** Printable, of the first characters only if there are more than so many. */
  public static String brief(String text, int most) {
    if (text.length() <= most) {
      return printable(text);
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return printable(text.substring(0, end)) + "…";
  }

  /** Brief, between quotation marks. */
  public static String quote(String text) {
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
