package org.ctc4j.decoding;

import java.util.Arrays;
import org.ctc4j.CtcStatus;
import org.ctc4j.host.LogProbs;

/**
 * The labels of {@link Greedy} alone: no frame is normalised, which is most of the time of the
 * other.
 */
public final class GreedyLabels {
  private final LogProbs logProbs;
  private final int blank;
  private int[] labels = new int[16];
  private int count;

  public GreedyLabels(LogProbs logProbs, int blank) {
    this.logProbs = logProbs;
    this.blank = blank;
  }

  /** Finds the labels. Once. */
  public CtcStatus decode() {
    int before = blank;
    boolean possible = true;
    for (int t = 0; t < logProbs.frames(); t++) {
      int best = logProbs.best(t);
      if (best < 0) {
        return CtcStatus.NOT_FINITE;
      }
      possible &= logProbs.isPossible(t, best);
      if (best != blank && best != before) {
        if (count == labels.length) {
          labels = Arrays.copyOf(labels, 2 * count);
        }
        labels[count++] = best;
      }
      before = best;
    }
    return possible ? CtcStatus.OK : CtcStatus.INFEASIBLE;
  }

  /** What the path collapses to, (L). */
  public int[] labels() {
    return Arrays.copyOf(labels, count);
  }
}
