package org.ctc4j;

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
 */
public final class CtcHypothesis {
  private final int[] labels;
  private final double logProbability;
  private final double score;
  private final double added;

  /**
   * @param labels without blanks, (L); not copied
   */
  CtcHypothesis(int[] labels, double logProbability, double score, double added) {
    this.labels = labels;
    this.logProbability = logProbability;
    this.score = score;
    this.added = added;
  }

  /** A copy of the L labels. */
  public int[] labels() {
    return labels.clone();
  }

  /**
   * ln p(labels | input) in nats, as far as the paths went through the beam: −{@link
   * CtcResult#loss(int)} of these labels, or less.
   */
  public double logProbability() {
    return logProbability;
  }

  /**
   * {@link #logProbability()} and what the {@link BeamScorer} added; what outputs are ordered by.
   */
  public double score() {
    return score;
  }

  /** What the {@link BeamScorer} added to the score, 0 without one. */
  public double added() {
    return added;
  }

  /** "27 labels, ln p = -0.31, score -0.31". */
  @Override
  public String toString() {
    return "%d labels, ln p = %s, score %s".formatted(labels.length, logProbability, score);
  }
}
