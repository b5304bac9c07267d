package org.ctc4j.lm;

import java.util.Arrays;

/** The n-grams of one order while a file is read, as they come. */
final class Section {
  static final int MOST = Integer.MAX_VALUE - 8;

  private int count;
  private int[] parents = new int[1024]; // n-grams of one word less
  private int[] words = new int[1024];
  private float[] probs = new float[1024];
  private float[] backoffs = new float[1024];

  int count() {
    return count;
  }

  void add(int parent, int word, float prob, float backoff) {
    if (count == words.length) {
      int more = (int) Math.min(MOST, 2L * count);
      parents = Arrays.copyOf(parents, more);
      words = Arrays.copyOf(words, more);
      probs = Arrays.copyOf(probs, more);
      backoffs = Arrays.copyOf(backoffs, more);
    }
    parents[count] = parent;
    words[count] = word;
    probs[count] = prob;
    backoffs[count] = backoff;
    count++;
  }

  /** Where the n-grams that go on from each parent begin, and where the last ones end. */
  int[] firsts(int parentCount) {
    int[] firsts = new int[parentCount + 1];
    for (int i = 0; i < count; i++) {
      firsts[parents[i] + 1]++;
    }
    for (int p = 0; p < parentCount; p++) {
      firsts[p + 1] += firsts[p];
    }
    return firsts;
  }

  /** The n-grams by parent, those of one parent by word; equal ones as they came. */
  int[] order(int[] firsts) {
    int[] order = new int[count];
    int[] next = Arrays.copyOf(firsts, firsts.length - 1);
    for (int i = 0; i < count; i++) {
      order[next[parents[i]]++] = i;
    }
    long[] keys = new long[16];
    for (int p = 0; p < next.length; p++) {
      int size = firsts[p + 1] - firsts[p];
      if (size > 1) {
        keys =
            size > keys.length ? new long[Math.max(size, (int) Math.min(MOST, 2L * size))] : keys;
        for (int k = 0; k < size; k++) {
          int i = order[firsts[p] + k];
          keys[k] = (long) words[i] << 32 | i;
        }
        Arrays.sort(keys, 0, size);
        for (int k = 0; k < size; k++) {
          order[firsts[p] + k] = (int) keys[k];
        }
      }
    }
    return order;
  }

  /** Of two n-grams that are the same the later one's place as it came; −1 if all differ. */
  int duplicate(int[] order) {
    for (int k = 1; k < count; k++) {
      if (parents[order[k]] == parents[order[k - 1]] && words[order[k]] == words[order[k - 1]]) {
        return order[k];
      }
    }
    return -1;
  }

  /** The n-grams in an order; nobody knows yet where the next ones begin. */
  Level level(int[] order, boolean isHighest) {
    float[] orderedProbs = new float[count];
    float[] orderedBackoffs = new float[isHighest ? 0 : count];
    for (int k = 0; k < count; k++) {
      orderedProbs[k] = probs[order[k]];
      if (!isHighest) {
        orderedBackoffs[k] = backoffs[order[k]];
      }
    }
    return new Level(
        count,
        Column.of(Arrays.stream(order).map(i -> words[i]).toArray()),
        Weights.Exact.of(orderedProbs),
        isHighest ? null : Weights.Exact.of(orderedBackoffs),
        null);
  }
}
