package org.ctc4j;

/**
 * What a beam search adds to the acoustic log-probability of an output: a language model, hot
 * words, a length bonus. The score of a prefix is its log-probability plus what the labels of the
 * prefix added, one by one. Numbers are natural logarithms, weights included: finite, or −Infinity
 * for what is forbidden. NaN and +Infinity, also as a sum, are refused with an {@link
 * InvalidInputException}.
 *
 * <p>What a method throws ends the search and comes to its caller as it is.
 *
 * <p>A state stands for what the scorer must know of a prefix. Several threads ask at the same
 * time, each about prefixes of its own utterances, so that implementations must be thread-safe and
 * states immutable.
 *
 * @param <S> state of a prefix
 */
public interface BeamScorer<S> {
  /**
   * Called once before a search, on its caller's thread: the place to refuse labels that the scorer
   * was made for and the logits do not have.
   *
   * @param classes C, the blank included
   * @param blank its class
   * @throws InvalidInputException if the scorer does not fit
   */
  default void check(int classes, int blank) {}

  /** The state of the empty prefix. */
  S start();

  /**
   * What {@code label} adds when it is appended; −Infinity forbids it. Called for every candidate
   * of every frame, so it should take nanoseconds.
   */
  double score(S state, int label);

  /**
   * What any label adds to this prefix at most, from {@link #score} as it is, rounding included.
   * The search looks at labels from the most probable one of a frame on, and stops where even this
   * would not bring one into the beam; so a bound makes it faster and changes no output. +Infinity
   * where none is known. NaN, and a label that adds more than its bound, are refused with an {@link
   * InvalidInputException}. Called once for each prefix, or a few times.
   */
  default double bound(S state) {
    return Double.POSITIVE_INFINITY;
  }

  /** The state after {@code label}. Called once for each prefix that stays in the beam. */
  S next(S state, int label);

  /** What the end of the utterance adds; −Infinity forbids the output. */
  default double end(S state) {
    return 0;
  }

  /** All that this adds to an output, its end included; −Infinity if it forbids it. */
  default double total(int... labels) {
    S state = start();
    double total = 0;
    for (int label : labels) {
      total += score(state, label);
      if (total == Double.NEGATIVE_INFINITY) {
        return total; // there is no state after what is forbidden
      }
      state = next(state, label);
    }
    return total + end(state);
  }

  /**
   * A scorer that adds what this and what another one add; what one of them forbids is forbidden.
   */
  default <T> BeamScorer<?> plus(BeamScorer<T> other) {
    return new ScorerSum<>(this, other);
  }
}
