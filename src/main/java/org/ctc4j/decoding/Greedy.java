package org.ctc4j.decoding;

import java.util.Arrays;
import org.ctc4j.CtcStatus;
import org.ctc4j.host.LogProbs;

/** The most probable class of every frame of one utterance, and what that path collapses to. */
public final class Greedy {
  private final LogProbs logProbs;
  private final int blank;
  private final int[] states;
  private final double[] pathLogProbs;
  private int[] labels = {};

  public Greedy(LogProbs logProbs, int blank) {
    this.logProbs = logProbs;
    this.blank = blank;
    this.states = new int[logProbs.frames()];
    this.pathLogProbs = new double[logProbs.frames()];
  }

  /** Finds the path. Once. */
  public CtcStatus decode() {
    double[] row = new double[logProbs.classes()];
    int[] found = new int[states.length];
    int count = 0;
    int before = blank;
    boolean possible = true;
    for (int t = 0; t < states.length; t++) {
      int best = logProbs.best(t, row);
      if (best < 0) {
        return CtcStatus.NOT_FINITE;
      }
      pathLogProbs[t] = logProbs.at(t, best);
      possible &= pathLogProbs[t] > Double.NEGATIVE_INFINITY;
      if (best != blank && best != before) {
        found[count++] = best;
      }
      states[t] = best == blank ? 2 * count : 2 * count - 1;
      before = best;
    }
    labels = Arrays.copyOf(found, count);
    return possible ? CtcStatus.OK : CtcStatus.INFEASIBLE;
  }

  /** The state of every frame, (T). */
  public int[] states() {
    return states;
  }

  /** What the path collapses to, (L). */
  public int[] labels() {
    return labels;
  }

  /** ln p of every frame's symbol, (T). */
  public double[] logProbabilities() {
    return pathLogProbs;
  }
}
