package org.ctc4j.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tokens that stand for one byte of UTF-8: SentencePiece's {@code <0xE7>}. */
final class ByteText {
  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");

  private ByteText() {}

  /** The byte that a token stands for, or -1. */
  static int byteOf(String token) {
    Matcher parts = BYTE.matcher(token);
    return parts.matches() ? Integer.parseInt(parts.group(1), 16) : -1;
  }
}
