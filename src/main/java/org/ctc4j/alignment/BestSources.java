package org.ctc4j.alignment;

/**
 * The best of the elements of a target passed so far, and the best of all but one label's: a label
 * does not follow its like without a blank. Of equally good ones the last that was added.
 */
final class BestSources {
  /**
   * In place of a label's column: of what no label is kept from, and for what is kept from none.
   */
  static final int NO_LABEL = 0;

  private double best;
  private int bestState;
  private int bestColumn;
  private double second; // the best whose column is not bestColumn
  private int secondState;

  void clear() {
    best = Double.NEGATIVE_INFINITY;
    second = Double.NEGATIVE_INFINITY;
    bestColumn = NO_LABEL;
  }

  void add(double score, int state, int column) {
    boolean isBest = score >= best;
    boolean isAlike = column == bestColumn && column != NO_LABEL;
    if (isBest && !isAlike) {
      second = best;
      secondState = bestState;
    } else if (!isAlike && score >= second) {
      second = score;
      secondState = state;
    }
    if (isBest) {
      best = score;
      bestState = state;
      bestColumn = column;
    }
  }

  /** The best score that a label of this column may follow. */
  double score(int column) {
    return isKeptFrom(column) ? second : best;
  }

  /** Of which state it is. */
  int state(int column) {
    return isKeptFrom(column) ? secondState : bestState;
  }

  private boolean isKeptFrom(int column) {
    return column != NO_LABEL && column == bestColumn;
  }
}
