package org.ctc4j;

import java.io.Serializable;

/**
 * One output of a beam search. Immutable. {@link CtcAligner} finds the frames of its labels, with
 * their confidences:
 *
 * <pre>{@code
 * int[][] best = nBests.stream().map(nBest -> nBest.best().labels()).toArray(int[][]::new);
 * List<CtcPath> paths =
 *     CtcAligner.create().align(CtcBatch.of(logits, Targets.of(best), inputLengths), options);
 * }</pre>
 *
 * <p>How much of an n-best has each word: {@link org.ctc4j.text.Vocabulary#wordShares}.
 *
 * @param labels without blanks, (L); copied, and so is what the accessor gives
 * @param logProbability ln p(labels | input) in nats, as far as the paths went through the beam:
 *     −{@link CtcResult#loss(int)} of these labels, or less. Above 0 of {@link InputKind#SCORES}
 *     alone
 * @param score that and what the {@link BeamScorer} added; what outputs are ordered by
 * @param added what the {@link BeamScorer} added to the score, 0 without one
 */
public record CtcHypothesis(int[] labels, double logProbability, double score, double added)
    implements Serializable {
  public CtcHypothesis {
    labels = labels.clone();
  }

  /**
   * Of a search. Probabilities whose sum rounding has taken above 1 may add up to more than that;
   * only scores mean it.
   */
  static CtcHypothesis found(int[] labels, double logSum, double added, InputKind input) {
    double logProbability = input == InputKind.SCORES ? logSum : Math.min(0, logSum);
    return new CtcHypothesis(labels, logProbability, logProbability + added, added);
  }

  @Override
  public int[] labels() {
    return labels.clone();
  }

  /** "27 labels, ln p = -0.31, score -0.31". */
  @Override
  public String toString() {
    return "%d labels, ln p = %s, score %s".formatted(labels.length, logProbability, score);
  }
}
