package org.ctc4j.cli.output;

/**
 * Where a segment ends: after a word that ends a sentence, before a pause, and before it gets too
 * long.
 *
 * @param pauseFrames least number of frames between two words that part them
 * @param mostCharacters of a segment; a word that has more stands alone
 */
public record SegmentRule(double pauseFrames, int mostCharacters) {
  private static final String SENTENCE_ENDS = ".!?…。！？．｡؟۔।॥։።";
  private static final String CLOSING = "\"'”’»)]}」』）";

  /**
   * Whether a segment ends between two words.
   *
   * @param withNext its text with the next word
   */
  boolean parts(TimedText last, TimedText next, String withNext) {
    return next.start() - last.end() >= pauseFrames
        || endsSentence(last.text())
        || withNext.codePointCount(0, withNext.length()) > mostCharacters;
  }

  private static boolean endsSentence(String word) {
    int end = word.length();
    while (end > 0 && CLOSING.indexOf(word.charAt(end - 1)) >= 0) {
      end--;
    }
    return end > 0 && SENTENCE_ENDS.indexOf(word.charAt(end - 1)) >= 0;
  }
}
