package org.ctc4j.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/**
 * Standard output: tokens and texts of strangers are printed there, and shall not move the cursor
 * of a terminal. Control characters but the end of a line and a tab become \\uXXXX, which JSON
 * reads as what they were.
 */
final class PlainWriter extends FilterWriter {
  PlainWriter(Writer out) {
    super(out);
  }

  /** A text as a part of one line. */
  static String oneLine(String text) {
    return text.replace("\n", "\\u000a");
  }

  @Override
  public void write(int c) throws IOException {
    if (Character.isISOControl(c) && c != '\n' && c != '\t') {
      out.write(String.format("\\u%04x", c));
    } else {
      out.write(c);
    }
  }

  @Override
  public void write(char[] text, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      write(text[i]);
    }
  }

  @Override
  public void write(String text, int offset, int length) throws IOException {
    write(text.toCharArray(), offset, length);
  }
}
