package org.ctc4j.io;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The first and the last bytes of a file, which tell what it is.
 *
 * @param bytes of the whole
 */
record Ends(byte[] start, byte[] end, long bytes) {
  private static final int START_LENGTH = 16;
  private static final String ZIP_START = "PK\u0003\u0004";
  private static final String ZIP_END = "PK\u0005\u0006";
  private static final int ZIP_END_BYTES = 22;
  private static final int END_LENGTH = ZIP_END_BYTES + 0xffff; // of a comment

  static Ends of(byte[] content) {
    return new Ends(
        Arrays.copyOf(content, Math.min(START_LENGTH, content.length)),
        Arrays.copyOfRange(content, Math.max(0, content.length - END_LENGTH), content.length),
        content.length);
  }

  /**
   * @param label stands for the file in messages
   */
  static Ends of(Path file, String label) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      byte[] start = new byte[(int) Math.min(START_LENGTH, in.length())];
      in.readFully(start);
      byte[] end = new byte[(int) Math.min(END_LENGTH, in.length())];
      in.seek(in.length() - end.length);
      in.readFully(end);
      return new Ends(start, end, in.length());
    } catch (IOException e) {
      throw Text.unreadable(label, e);
    }
  }

  boolean areOfArray() {
    int magic = NpyHeaderReader.MAGIC.length;
    return start.length >= magic && Arrays.equals(start, 0, magic, NpyHeaderReader.MAGIC, 0, magic);
  }

  /** Whether the file begins as a zip does and has no end of one: an interrupted copy, say. */
  boolean areOfTruncatedZip() {
    return text(start).startsWith(ZIP_START)
        && text(end).lastIndexOf(ZIP_END, end.length - ZIP_END_BYTES) < 0;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
