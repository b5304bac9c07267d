package org.ctc4j.text;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * Words by what spells them, as nodes numbered breadth first from the root, 0, on: the children of
 * a node lie side by side, by their symbol.
 */
final class SpellingTrie {
  static final int ROOT = 0;
  static final int NONE = -1;

  private int size = 1;
  private int[] symbols = new int[1024];
  private final byte[] bits; // of a symbol: where it lies among all, from 0 to 63; NONE of others
  private final long[] childBits; // of a node: those of its children
  private int[] firsts =
      new int[1024]; // of a node's children; those of the next begin where they end
  private int[] words = new int[1024]; // of those that begin with what leads to a node, the first
  private int[] wordEnds = new int[1024]; // after those that a node is all of
  private double[] ahead;

  /**
   * @param spellings in lexicographic order; none empty
   */
  SpellingTrie(int[][] spellings) {
    int[] ends = new int[1024]; // of the words that begin with what leads to a node
    int[] depths = new int[1024];
    ends[ROOT] = spellings.length;
    for (int node = 0; node < size; node++) {
      firsts[node] = size;
      int depth = depths[node];
      int at = words[node];
      while (at < ends[node] && spellings[at].length == depth) {
        at++;
      }
      wordEnds[node] = at;
      while (at < ends[node]) {
        int symbol = spellings[at][depth];
        if (size + 1 == symbols.length) {
          grow();
          ends = Arrays.copyOf(ends, symbols.length);
          depths = Arrays.copyOf(depths, symbols.length);
        }
        int child = size++;
        symbols[child] = symbol;
        depths[child] = depth + 1;
        words[child] = at;
        while (at < ends[node] && spellings[at][depth] == symbol) {
          at++;
        }
        ends[child] = at;
      }
    }
    firsts[size] = size;
    bits = bits();
    childBits = new long[size];
    for (int node = 0; node < size; node++) {
      for (int child = firsts[node]; child < firsts[node + 1]; child++) {
        childBits[node] |= 1L << bits[symbols[child]];
      }
    }
  }

  private byte[] bits() {
    int[] all = Arrays.stream(symbols, 1, size).distinct().sorted().toArray();
    byte[] bits = new byte[all[all.length - 1] + 1];
    Arrays.fill(bits, (byte) NONE);
    for (int i = 0; i < all.length; i++) {
      bits[all[i]] = (byte) (64L * i / all.length);
    }
    return bits;
  }

  private void grow() {
    int more = 2 * symbols.length;
    symbols = Arrays.copyOf(symbols, more);
    firsts = Arrays.copyOf(firsts, more);
    words = Arrays.copyOf(words, more);
    wordEnds = Arrays.copyOf(wordEnds, more);
  }

  /** Sets how good the best word behind every node is. */
  void lookAhead(IntToDoubleFunction scoreOfWord) {
    ahead = new double[size];
    for (int node = size - 1; node >= 0; node--) {
      double best = Double.NEGATIVE_INFINITY;
      for (int word = words[node]; word < wordEnds[node]; word++) {
        best = Math.max(best, scoreOfWord.applyAsDouble(word));
      }
      for (int child = firsts[node]; child < firsts[node + 1]; child++) {
        best = Math.max(best, ahead[child]);
      }
      ahead[node] = best;
    }
  }

  /** The score of the best word that a node is all or the beginning of. */
  double ahead(int node) {
    return ahead[node];
  }

  /** NONE if there is none. */
  int child(int node, int symbol) {
    int bit = symbol < bits.length ? bits[symbol] : NONE;
    long present = childBits[node];
    if (bit == NONE || (present >>> bit & 1) == 0) {
      return NONE;
    }
    int child = firsts[node] + Long.bitCount(present & (1L << bit) - 1);
    return symbols[child] == symbol ? child : search(child, firsts[node + 1], symbol);
  }

  /** Among children that share bits. */
  private int search(int from, int to, int symbol) {
    int found = Arrays.binarySearch(symbols, from, to, symbol);
    return found < 0 ? NONE : found;
  }

  /** The first of the words that a node is all of; they are in order. */
  int firstWord(int node) {
    return words[node];
  }

  /** After the last of them. */
  int endWord(int node) {
    return wordEnds[node];
  }
}
