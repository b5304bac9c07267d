package org.ctc4j.cuda.host;

import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.CtcBatch;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;

/**
 * The utterances of a batch in host memory.
 *
 * @param inputLengths of each
 * @param wildcards what they cost; null if no target has any
 */
record Utterances(int count, IntUnaryOperator inputLengths, Targets targets, Wildcards wildcards) {

  private Utterances(int count, IntUnaryOperator inputLengths, Targets targets) {
    this(count, inputLengths, targets, targets.hasWildcards() ? targets.wildcards() : null);
  }

  static Utterances of(CtcBatch batch) {
    return new Utterances(batch.utterances(), batch::inputLength, batch.targets());
  }

  static Utterances of(ProjectedBatch batch) {
    return new Utterances(batch.utterances(), batch::inputLength, batch.targets());
  }

  static Utterances of(ConsistencyBatch batch) {
    Targets none = Targets.of(new int[batch.utterances()][0]);
    return new Utterances(batch.utterances(), batch::inputLength, none);
  }

  /** Frames that utterance n uses. */
  int frames(int n) {
    return inputLengths.applyAsInt(n);
  }

  /** All of them as one chunk. */
  Chunk all() {
    Chunk chunk = Chunk.empty(0, 0);
    for (int n = 0; n < count; n++) {
      chunk = chunk.with(frames(n), targets.length(n));
    }
    return chunk;
  }

  /**
   * The longest run of utterances from {@code first} on, one at least, that fits, and whose sizes
   * the kernels can count.
   *
   * @param leastLabels what L is at least
   */
  Chunk chunk(int first, int mostUtterances, int leastLabels, Predicate<Chunk> fits) {
    Chunk chunk = Chunk.empty(first, leastLabels);
    int end = first + Math.min(count - first, mostUtterances);
    for (int n = first; n < end; n++) {
      Chunk longer = chunk.with(frames(n), targets.length(n));
      if (n > first && !(longer.isCountable() && fits.test(longer))) {
        return chunk;
      }
      chunk = longer;
    }
    return chunk;
  }
}
