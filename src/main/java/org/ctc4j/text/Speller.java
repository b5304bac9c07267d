package org.ctc4j.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.ctc4j.Wildcards;

/**
 * Spells texts with the fewest tokens, of equally many with the longest first: the shortest way
 * from the end of the text to every position before it.
 */
final class Speller {
  private final Map<String, Integer> classes = new HashMap<>();
  private final int[] byteClasses = new int[256];
  private int[] lengths; // of tokens, the longest first

  Speller() {
    Arrays.fill(byteClasses, -1);
  }

  /** Of classes that spell the same the first counts. */
  void add(String spelling, int c) {
    if (!spelling.isEmpty()) {
      classes.putIfAbsent(spelling, c);
    }
  }

  void addByte(int value, int c) {
    if (byteClasses[value] < 0) {
      byteClasses[value] = c;
    }
  }

  /** After all were added. */
  Speller ready() {
    Set<Integer> distinct = new HashSet<>();
    classes.keySet().forEach(spelling -> distinct.add(spelling.length()));
    lengths = distinct.stream().sorted(Comparator.reverseOrder()).mapToInt(i -> i).toArray();
    return this;
  }

  /**
   * The labels, or null where there is no spelling.
   *
   * @param isAnyUnknown whether a character that no token has is spelled {@link Wildcards#LABELS}
   */
  int[] spell(String text, boolean isAnyUnknown) {
    int[] count = new int[text.length() + 1]; // of tokens from here to the end
    int[] step = new int[text.length()];
    for (int at = text.length() - 1; at >= 0; at--) {
      count[at] = Integer.MAX_VALUE;
      for (int length : lengths) {
        int next = at + length;
        if (next <= text.length()
            && count[next] < count[at] - 1
            && classes.containsKey(text.substring(at, next))) {
          count[at] = count[next] + 1;
          step[at] = length;
        }
      }
      int bytes = byteTokens(text, at);
      int next = at + Character.charCount(text.codePointAt(at));
      if (bytes > 0 && count[next] < count[at] - bytes) {
        count[at] = count[next] + bytes;
        step[at] = 0;
      }
      boolean isUnknown = isAnyUnknown && count[at] == Integer.MAX_VALUE;
      if (isUnknown && count[next] < Integer.MAX_VALUE && !knows(text.codePointAt(at))) {
        count[at] = count[next] + 1;
        step[at] = next - at;
      }
    }
    return count[0] == Integer.MAX_VALUE ? null : labels(text, count[0], step);
  }

  private int[] labels(String text, int count, int[] step) {
    int[] labels = new int[count];
    int k = 0;
    for (int at = 0; at < text.length(); ) {
      if (step[at] > 0) {
        String spelled = text.substring(at, at + step[at]);
        labels[k++] = classes.getOrDefault(spelled, Wildcards.LABELS);
        at += step[at];
      } else {
        String character = Character.toString(text.codePointAt(at));
        for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
          labels[k++] = byteClasses[b & 0xff];
        }
        at += character.length();
      }
    }
    return labels;
  }

  /** How many tokens of bytes the character takes, 0 if one is missing. */
  private int byteTokens(String text, int at) {
    int codePoint = text.codePointAt(at);
    if (Character.getType(codePoint) == Character.SURROGATE) { // half of a pair has no bytes
      return 0;
    }
    byte[] bytes = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
    for (byte b : bytes) {
      if (byteClasses[b & 0xff] < 0) {
        return 0;
      }
    }
    return bytes.length;
  }

  /** Whether any token has the character, or there are tokens of its bytes. */
  boolean knows(int codePoint) {
    String character = Character.toString(codePoint);
    return byteTokens(character, 0) > 0
        || classes.keySet().stream().anyMatch(spelling -> spelling.contains(character));
  }

  /** How far tokens get from the beginning. */
  int reach(String text) {
    boolean[] isReached = new boolean[text.length() + 1];
    isReached[0] = true;
    int farthest = 0;
    for (int at = 0; at < text.length(); at++) {
      if (isReached[at]) {
        farthest = at;
        for (int length : lengths) {
          int next = at + length;
          if (next <= text.length() && classes.containsKey(text.substring(at, next))) {
            isReached[next] = true;
          }
        }
        if (byteTokens(text, at) > 0) {
          isReached[at + Character.charCount(text.codePointAt(at))] = true;
        }
      }
    }
    return farthest;
  }
}
