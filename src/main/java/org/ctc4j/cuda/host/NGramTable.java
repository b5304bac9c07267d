package org.ctc4j.cuda.host;

import java.util.Arrays;
import org.ctc4j.InvalidInputException;
import org.ctc4j.NGramScorer;

/**
 * An n-gram model as a graph in flat arrays, as kernels/beam_search.cu walks it. A state is an
 * n-gram that others may go on from, 0 the empty one; an arc is an n-gram of two words and more,
 * from the state of its first words to the longest state that it ends in; every state knows the
 * longest one that it ends in itself. Numbers are 32 bits wide, floats as their bits.
 */
final class NGramTable {
  /** Arcs, each twice 16 bytes in one array. */
  private static final int MOST_ARCS = 1 << 26;

  private static final int ROOT = 0;
  private static final int NO_ARC = -1;

  final int[] states; // backoff, suffix
  final int[] unigrams; // log10 p
  final int[] arcs; // by hash: state, word, log10 p, next; −1 and three more where there is none
  final int start;
  final int end; // word, or −1

  /**
   * @throws InvalidInputException if there is no room for the model in arrays, or it is none
   */
  NGramTable(NGramScorer<?> model) {
    int order = model.order();
    long stateCount = 1;
    long arcCount = 0;
    for (int n = 1; n <= order; n++) {
      stateCount += n < order ? model.count(n) : 0;
      arcCount += n > 1 ? model.count(n) : 0;
    }
    requireRoom(model, arcCount);
    requireRoom(model, stateCount / 8); // they are of 8 bytes, and no arcs are beside them
    states = new int[2 * (int) stateCount];
    unigrams = new int[model.count(1)];
    arcs = new int[4 * (int) Math.max(1, 2 * arcCount)];
    Arrays.fill(arcs, NO_ARC);
    states[1] = ROOT;
    int contexts = ROOT; // where the states of one word less begin
    int first = 1; // and those of the n-grams
    for (int n = 1; n <= order; n++) {
      addAll(model, n, contexts, n < order ? first : NO_ARC);
      contexts = first;
      first += n < order ? model.count(n) : 0;
    }
    start = order > 1 ? 1 + checked("start", model.startWord()) : ROOT;
    end = checked("end", model.endWord());
  }

  private int checked(String what, int word) {
    if (word < NGramScorer.UNKNOWN || word >= unigrams.length) {
      throw new InvalidInputException(
          "language model: expected a %s word in [-1, %d), got %d"
              .formatted(what, unigrams.length, word));
    }
    return word;
  }

  private static void requireRoom(NGramScorer<?> model, long arcs) {
    if (arcs > MOST_ARCS) {
      throw new InvalidInputException(
          "language model: expected at most %d n-grams of two words and more on a GPU, got a %s"
              .formatted(MOST_ARCS, model));
    }
  }

  /**
   * @param contexts the first state of n − 1 words
   * @param first the first state of n words; −1 if these are none
   */
  private void addAll(NGramScorer<?> model, int n, int contexts, int first) {
    model.forEach(
        n,
        (i, context, word, log10, backoff) -> {
          int contextCount = n == 1 ? 1 : model.count(n - 1);
          requireIn("number", n, i, model.count(n), i);
          requireIn("context", n, i, contextCount, context);
          requireIn("word", n, i, unigrams.length, word);
          if (Float.isNaN(log10) || !Float.isFinite(backoff)) {
            throw new InvalidInputException(
                "language model: expected log10 p and a finite backoff of %d-gram %d, got %s and %s"
                    .formatted(n, i, log10, backoff));
          }
          int suffix = ROOT;
          if (n == 1) {
            unigrams[word] = Float.floatToRawIntBits(log10);
          } else {
            int from = contexts + context;
            suffix = next(states[2 * from + 1], n, word);
            put(from, word, Float.floatToRawIntBits(log10), first < 0 ? suffix : first + i);
          }
          if (first >= 0) {
            states[2 * (first + i)] = Float.floatToRawIntBits(backoff);
            states[2 * (first + i) + 1] = suffix;
          }
        });
  }

  private static void requireIn(String what, int n, int i, int end, int value) {
    if (value < 0 || value >= end) {
      throw new InvalidInputException(
          "language model: expected a %s in [0, %d) of %d-gram %d, got %d"
              .formatted(what, end, n, i, value));
    }
  }

  /** The longest state that ends what a state and a word are. */
  private int next(int state, int n, int word) {
    for (int at = state; n > 2 && at != ROOT; at = states[2 * at + 1]) {
      int place = place(at, word);
      if (arcs[place] == at) {
        return arcs[place + 3];
      }
    }
    return 1 + word;
  }

  private void put(int state, int word, int log10, int next) {
    int place = place(state, word);
    arcs[place] = state;
    arcs[place + 1] = word;
    arcs[place + 2] = log10;
    arcs[place + 3] = next;
  }

  /** Where an arc is, or would be. */
  private int place(int state, int word) {
    int hash = (state * 0x9e3779b9 + word) * 0x85ebca6b;
    hash = (hash ^ hash >>> 15) * 0xc2b2ae35;
    int at = (int) ((hash & 0xffffffffL) * (arcs.length / 4) >>> 32);
    while (arcs[4 * at] >= 0 && !(arcs[4 * at] == state && arcs[4 * at + 1] == word)) {
      at = at + 1 < arcs.length / 4 ? at + 1 : 0;
    }
    return 4 * at;
  }
}
