package org.ctc4j.io;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/** Tells a zip file that lacks its end, an interrupted copy say, from other bad ones. */
final class Truncation {
  private static final String FIRST_ENTRY = "PK\u0003\u0004";
  private static final String END = "PK\u0005\u0006";
  private static final int END_BYTES = 22;
  private static final int LONGEST_COMMENT = 0xffff; // which may follow

  private Truncation() {}

  /** Whether a file begins as a zip does and has no end of one. */
  static boolean isIn(File file) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file, "r")) {
      if (in.length() < FIRST_ENTRY.length()
          || !text(in, FIRST_ENTRY.length()).equals(FIRST_ENTRY)) {
        return false;
      }
      int last = (int) Math.min(in.length(), END_BYTES + LONGEST_COMMENT);
      in.seek(in.length() - last);
      return text(in, last).lastIndexOf(END, last - END_BYTES) < 0;
    }
  }

  private static String text(RandomAccessFile in, int length) throws IOException {
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
