package org.ctc4j.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tokens that stand for bytes of UTF-8: SentencePiece's {@code <0xE7>}, and all of GPT-2's. */
final class ByteText {
  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");

  /** GPT-2's character of each byte: itself where Latin-1 prints it, else the next from 256 on. */
  private static final char[] CHARACTERS = new char[256];

  private static final short[] BYTES = new short[256 + 68];

  static {
    Arrays.fill(BYTES, (short) -1);
    char next = 256;
    for (int b = 0; b < 256; b++) {
      boolean prints = b >= '!' && b <= '~' || b >= 0xa1 && b != 0xad;
      CHARACTERS[b] = prints ? (char) b : next++;
      BYTES[CHARACTERS[b]] = (short) b;
    }
  }

  private ByteText() {}

  /** The byte that a token of SentencePiece's stands for, or -1. */
  static int byteOf(String token) {
    Matcher parts = BYTE.matcher(token);
    return parts.matches() ? Integer.parseInt(parts.group(1), 16) : -1;
  }

  /** The bytes of a token of GPT-2's; null if it is none. */
  static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= BYTES.length || BYTES[c] < 0) {
        return null;
      }
      bytes[i] = (byte) BYTES[c];
    }
    return bytes;
  }

  /** Text in GPT-2's characters. */
  static String characters(String text) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      out.append(CHARACTERS[b & 0xff]);
    }
    return out.toString();
  }
}
