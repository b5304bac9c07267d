package org.ctc4j;

import java.io.Serializable;
import java.util.List;

/**
 * The outputs that a beam search found for one utterance. Immutable.
 *
 * @param status {@link CtcStatus#INFEASIBLE} if a frame made every output impossible, or the {@link
 *     BeamScorer} forbade all that the beam held
 * @param hypotheses the best first, no labels twice; empty unless the status is {@link
 *     CtcStatus#OK}. Equal scores are ordered by their labels, lexicographically.
 */
public record CtcNBest(CtcStatus status, List<CtcHypothesis> hypotheses) implements Serializable {
  public CtcNBest {
    hypotheses = List.copyOf(hypotheses);
  }

  /**
   * The best output.
   *
   * @throws IllegalStateException if there is none
   */
  public CtcHypothesis best() {
    if (hypotheses.isEmpty()) {
      throw new IllegalStateException("no output: the utterance is " + status);
    }
    return hypotheses.get(0);
  }

  /** "OK: best of 3: 27 labels, ln p = …", or the status alone. */
  @Override
  public String toString() {
    return hypotheses.isEmpty()
        ? status.toString()
        : "%s: best of %d: %s".formatted(status, hypotheses.size(), best());
  }
}
