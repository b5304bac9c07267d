package org.ctc4j.io;

import java.nio.charset.StandardCharsets;

/** Tells a zip file that lacks its end, an interrupted copy say, from other bad ones. */
final class Truncation {
  private static final String FIRST_ENTRY = "PK\u0003\u0004";
  private static final String END = "PK\u0005\u0006";
  private static final int END_BYTES = 22;
  private static final int LONGEST_COMMENT = 0xffff; // which may follow

  /** So many bytes have the end of a zip. */
  static final int END_LENGTH = END_BYTES + LONGEST_COMMENT;

  private Truncation() {}

  /**
   * Whether a file begins as a zip does and has no end of one.
   *
   * @param start the first bytes
   * @param end the last bytes, {@link #END_LENGTH} of them or all
   */
  static boolean isIn(byte[] start, byte[] end) {
    return text(start).startsWith(FIRST_ENTRY)
        && text(end).lastIndexOf(END, end.length - END_BYTES) < 0;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
