package org.ctc4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * Standard output in UTF-8, kept until it is flushed. It may be a full disk, which a PrintStream
 * would keep quiet about.
 */
final class StandardOutput extends Writer {
  private final OutputStream out = new FileOutputStream(FileDescriptor.out);
  private final StringBuilder text = new StringBuilder();
  private IOException failed;

  @Override
  public void write(int character) {
    text.append((char) character);
  }

  @Override
  public void write(char[] characters, int offset, int length) {
    text.append(characters, offset, length);
  }

  @Override
  public void flush() throws IOException {
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    text.setLength(0);
    try {
      out.write(bytes);
    } catch (IOException e) {
      failed = e;
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    flush();
  }

  /** Why not all of it was written, or null. A reader that went away has seen enough. */
  String failure() {
    return failed == null || "Broken pipe".equals(failed.getMessage()) ? null : failed.getMessage();
  }
}
