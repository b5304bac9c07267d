package org.ctc4j.cli.output;

import java.math.BigDecimal;

/**
 * Where a segment ends: after a word that ends a sentence, before a pause, and before it gets too
 * long. In scripts that put no blanks between words every label is a word here.
 *
 * @param frameShift seconds from one frame to the next
 * @param pause seconds between two words, or more, that part them
 * @param mostCharacters of a segment; a word that has more stands alone
 */
public record SegmentRule(BigDecimal frameShift, BigDecimal pause, int mostCharacters) {
  private static final String SENTENCE_ENDS = ".!?…。！？．｡؟۔।॥։።";
  private static final String CLOSING = "\"'”’»)]}」』）";

  /**
   * Whether a segment ends between two words.
   *
   * @param withNext its text with the next word
   */
  boolean parts(TimedText last, TimedText next, String withNext) {
    BigDecimal between = frameShift.multiply(BigDecimal.valueOf(next.start() - last.end()));
    return between.compareTo(pause) >= 0
        || endsSentence(last.text()) && !isWithinNumber(withNext, next.text())
        || withNext.codePointCount(0, withNext.length()) > mostCharacters;
  }

  /** Where labels are words, the point of 3.5 ends none. */
  private static boolean isWithinNumber(String withNext, String next) {
    int at = withNext.length() - next.length();
    return at > 1
        && Character.isDigit(next.codePointAt(0))
        && withNext.charAt(at - 1) == '.'
        && Character.isDigit(withNext.charAt(at - 2));
  }

  private static boolean endsSentence(String word) {
    int end = word.length();
    while (end > 0 && CLOSING.indexOf(word.charAt(end - 1)) >= 0) {
      end--;
    }
    return end > 0 && SENTENCE_ENDS.indexOf(word.charAt(end - 1)) >= 0;
  }
}
