package org.ctc4j.alignment;

import java.util.Arrays;

/**
 * For a block of frames and a range of states: by how many states (0, 1 or 2) the best path to each
 * moved there. Two bits a state.
 */
final class BackPointers {
  private static final int PAIRS = 16; // of a blank and a label, 4 bits, in a word

  private long[] words = {};
  private int firstFrame;
  private int firstPair;
  private int wordsPerFrame;
  private int first; // word of the frame

  /** Frames [fromFrame, toFrame), blanks and labels i in [from, to]; all moves 0. */
  void begin(int fromFrame, int toFrame, int from, int to) {
    firstFrame = fromFrame;
    firstPair = from;
    wordsPerFrame = (to - from) / PAIRS + 1;
    int size = Math.multiplyExact(toFrame - fromFrame, wordsPerFrame);
    if (words.length < size) {
      words = new long[size];
    } else {
      Arrays.fill(words, 0, size, 0);
    }
  }

  /** Goes to frame t. */
  void seek(int t) {
    first = (t - firstFrame) * wordsPerFrame;
  }

  /** The moves to blank i and to label i at the frame; once for each. */
  void set(int i, int toBlank, int toLabel) {
    int pair = i - firstPair;
    words[first + pair / PAIRS] |= (long) (toBlank | toLabel << 2) << 4 * (pair % PAIRS);
  }

  /** The move to a state at the frame. */
  int get(int state) {
    int pair = state / 2 - firstPair;
    long word = words[first + pair / PAIRS];
    return (int) (word >>> 4 * (pair % PAIRS) + 2 * (state % 2)) & 3;
  }
}
