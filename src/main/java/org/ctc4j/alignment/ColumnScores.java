package org.ctc4j.alignment;

import org.ctc4j.host.LogProbs;

/** The scores of a target's columns in some frames, one after the other. */
final class ColumnScores {
  /** As many at most. */
  static final int FRAMES = 32;

  private final LogProbs logProbs;
  private final TargetStates target;
  private final double[] offsets;
  private final double[] classScores;
  private final double[] scores; // [(t − first) · columns + column]
  private int first;

  /**
   * @param offsets added to the score of each class, (C), or null where nothing is added
   */
  ColumnScores(LogProbs logProbs, TargetStates target, double[] offsets) {
    this.logProbs = logProbs;
    this.target = target;
    this.offsets = offsets;
    this.classScores = new double[logProbs.classes()];
    this.scores = new double[Math.multiplyExact(FRAMES, target.classes.length)];
  }

  /**
   * Reads frames [from, to), for the first time.
   *
   * @return false if a frame is not finite
   */
  boolean read(int from, int to) {
    first = from;
    for (int t = from; t < to; t++) {
      if (!logProbs.readScores(t, classScores)) {
        return false;
      }
      for (int column = 0; column < target.classes.length; column++) {
        set(t, column, classScores[target.classes[column]]);
      }
    }
    return true;
  }

  /** Reads frames [from, to), which have been read before. */
  void readAgain(int from, int to) {
    first = from;
    for (int t = from; t < to; t++) {
      for (int column = 0; column < target.classes.length; column++) {
        set(t, column, logProbs.scoreAt(t, target.classes[column]));
      }
    }
  }

  private void set(int t, int column, double score) {
    scores[row(t) + column] = offsets == null ? score : score + offsets[target.classes[column]];
  }

  /** Where the columns of frame t, one of those read last, begin in {@link #all}: the blank. */
  int row(int t) {
    return (t - first) * target.classes.length;
  }

  double[] all() {
    return scores;
  }
}
