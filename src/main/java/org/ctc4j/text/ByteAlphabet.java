package org.ctc4j.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** A character for each byte of UTF-8, so that all of a text has tokens. */
final class ByteAlphabet {
  /** GPT-2's: itself where Latin-1 prints it, else the next from 256 on. */
  static final ByteAlphabet GPT2 =
      new ByteAlphabet(b -> b >= '!' && b <= '~' || b >= 0xa1 && b != 0xad, c -> true);

  /**
   * Fairseq's, which icefall has, too: itself where ASCII prints it, else the next from 256 on that
   * compatibility leaves as it is.
   */
  static final ByteAlphabet FAIRSEQ =
      new ByteAlphabet(
          b -> b >= ' ' && b <= '~',
          c -> c != 'Ĳ' && c != 'ĳ' && c != 'Ŀ' && c != 'ŀ' && c != 'ŉ' && c != 'ſ');

  private final char[] characters = new char[256];
  private final Map<Character, Byte> bytes = new HashMap<>();

  /**
   * @param isItself whether a byte has the character of its number
   * @param isTaken whether one from 256 on is among the others
   */
  private ByteAlphabet(IntPredicate isItself, IntPredicate isTaken) {
    int next = 256;
    for (int b = 0; b < 256; b++) {
      if (isItself.test(b)) {
        characters[b] = (char) b;
      } else {
        while (!isTaken.test(next)) {
          next++;
        }
        characters[b] = (char) next++;
      }
      bytes.put(characters[b], (byte) b);
    }
  }

  /** The bytes of a token; null if it has other characters. */
  byte[] bytes(String token) {
    byte[] found = new byte[token.length()];
    for (int i = 0; i < found.length; i++) {
      Byte b = bytes.get(token.charAt(i));
      if (b == null) {
        return null;
      }
      found[i] = b;
    }
    return found;
  }

  /** Text in these characters. */
  String characters(String text) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      out.append(characters[b & 0xff]);
    }
    return out.toString();
  }

  /**
   * Whether tokens can be told to be bytes: each may be somewhere in a text without control
   * characters, and some are more than ASCII.
   */
  boolean isOf(Collection<String> tokens) {
    boolean isBeyondAscii = false;
    for (String token : tokens) {
      byte[] found = bytes(token);
      if (found == null || !isInText(found)) {
        return false;
      }
      isBeyondAscii |= IntStream.range(0, found.length).anyMatch(i -> found[i] < 0);
    }
    return isBeyondAscii;
  }

  /** The first character may have begun before these bytes, and the last may go on after them. */
  private static boolean isInText(byte[] bytes) {
    int start = 0;
    while (start < bytes.length && start < 3 && (bytes[start] & 0xc0) == 0x80) {
      start++;
    }
    CharBuffer text = CharBuffer.allocate(bytes.length);
    ByteBuffer rest = ByteBuffer.wrap(bytes, start, bytes.length - start);
    boolean isCutAtMost = !StandardCharsets.UTF_8.newDecoder().decode(rest, text, false).isError();
    return isCutAtMost && text.flip().chars().noneMatch(Character::isISOControl);
  }
}
