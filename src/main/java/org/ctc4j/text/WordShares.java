package org.ctc4j.text;

import java.util.Arrays;

/**
 * How much of an n-best list agrees with each word of one of its texts: word by word of the
 * alignment with the fewest edits, of equally few the most correct words.
 */
final class WordShares {
  private static final byte KEPT = 0;
  private static final byte INSERTED = 1;
  private static final byte MISSING = 2;

  private final int[] words;
  private final double[] shares;

  /**
   * @param words of the text, equal numbers for equal words
   */
  WordShares(int[] words) {
    this.words = words;
    this.shares = new double[words.length];
  }

  /** The share of each word. */
  double[] shares() {
    return shares;
  }

  /** Takes in another text of the list, or the same. */
  void add(int[] other, double weight) {
    int start = Arrays.mismatch(words, other);
    start = start < 0 ? words.length : start;
    int end = words.length;
    int otherEnd = other.length;
    while (end > start && otherEnd > start && words[end - 1] == other[otherEnd - 1]) {
      end--;
      otherEnd--;
    }
    for (int i = 0; i < words.length; i++) {
      shares[i] += i < start || i >= end ? weight : 0;
    }
    byte[][] moves = moves(start, end, other, otherEnd);
    int j = otherEnd - start;
    for (int i = end - start; i > 0; ) {
      byte move = moves[i][j];
      if (move == KEPT && words[start + i - 1] == other[start + j - 1]) {
        shares[start + i - 1] += weight;
      }
      i -= move == INSERTED ? 0 : 1;
      j -= move == MISSING ? 0 : 1;
    }
  }

  /** How the best alignment of the first i words and the first j others ends. */
  private byte[][] moves(int start, int end, int[] other, int otherEnd) {
    byte[][] moves = new byte[end - start + 1][otherEnd - start + 1];
    long edit = Math.min(words.length, other.length) + 1L; // as ErrorCounts has it
    long[] cost = new long[otherEnd - start + 1];
    for (int j = 1; j < cost.length; j++) {
      cost[j] = j * edit;
      moves[0][j] = INSERTED;
    }
    for (int i = 1; i < moves.length; i++) {
      long diagonal = cost[0];
      cost[0] += edit;
      moves[i][0] = MISSING;
      for (int j = 1; j < cost.length; j++) {
        long kept = diagonal + (words[start + i - 1] == other[start + j - 1] ? -1 : edit);
        long least = Math.min(kept, Math.min(cost[j], cost[j - 1]) + edit);
        moves[i][j] = least == kept ? KEPT : least == cost[j] + edit ? MISSING : INSERTED;
        diagonal = cost[j];
        cost[j] = least;
      }
    }
    return moves;
  }
}
