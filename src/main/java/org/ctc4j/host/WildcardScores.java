package org.ctc4j.host;

import org.ctc4j.Wildcards;

/**
 * What frames weigh in the columns of a {@link WildcardTarget}: ln of it, relative to the frame's
 * greatest class where {@link LogProbs} has it so. Frames are read once, in order; then they can be
 * looked up. Not thread-safe.
 */
public final class WildcardScores {
  private final LogProbs logProbs;
  private final WildcardTarget target;
  private final Wildcards wildcards;
  private final double[] offsets; // or null
  private final double[] ofFrames; // ln Σ w of frame t, once read
  private final double[] ofLabels; // the same without the blank
  private final double[] row;

  /**
   * @param offsets added to the score of each class, (C), or null where nothing is added
   */
  public WildcardScores(
      LogProbs logProbs, WildcardTarget target, Wildcards wildcards, double[] offsets) {
    this.logProbs = logProbs;
    this.target = target;
    this.wildcards = wildcards;
    this.offsets = offsets;
    this.ofFrames = new double[logProbs.frames()];
    this.ofLabels = new double[logProbs.frames()];
    this.row = new double[logProbs.classes()];
  }

  /** The probabilities that these are made of. */
  public LogProbs logProbs() {
    return logProbs;
  }

  /**
   * Reads frame t: scores of the classes into {@code into[0 … C)}, without offsets.
   *
   * @return false if the frame holds NaN or +Infinity; then what is in {@code into} means nothing
   */
  public boolean read(int t, double[] into) {
    if (!logProbs.readScores(t, into)) {
      return false;
    }
    for (int c = 0; c < row.length; c++) {
      row[c] = into[c] + (offsets == null ? 0 : offsets[c]);
    }
    int blank = target.classes[0];
    ofLabels[t] = logSum(blank);
    double sum = LogSum.of(ofLabels[t], row[blank]);
    boolean isWhole = logProbs.areNormalised() && offsets == null && sum > Double.NEGATIVE_INFINITY;
    ofFrames[t] = isWhole ? logProbs.normaliser(t) : sum;
    return true;
  }

  /** ln Σ e^x of the row, one class left out. */
  private double logSum(int without) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < row.length; c++) {
      max = c == without ? max : Math.max(max, row[c]);
    }
    double sum = 0;
    for (int c = 0; c < row.length && max > Double.NEGATIVE_INFINITY; c++) {
      sum += c == without ? 0 : Math.exp(row[c] - max);
    }
    return sum == 0 ? Double.NEGATIVE_INFINITY : max + Math.log(sum);
  }

  /** Scores of all columns of a frame that has been read, penalties taken off. */
  public void columns(int t, double[] into) {
    for (int column = 0; column < target.classes.length; column++) {
      int c = target.classes[column];
      into[column] = logProbs.scoreAt(t, c) + (offsets == null ? 0 : offsets[c]);
    }
    into[target.anyFrames] = ofFrames[t] - wildcards.framePenalty();
    into[target.anyLabels] = ofLabels[t] - wildcards.labelPenalty();
  }

  /** ln p of a column in a frame that has been read: without offsets and penalties. */
  public double logProb(int t, int column) {
    if (column < target.classes.length) {
      return logProbs.at(t, target.classes[column]);
    }
    if (column == target.anyFrames && logProbs.areNormalised()) {
      return 0;
    }
    double sum = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < row.length; c++) {
      boolean isLeftOut = column == target.anyLabels && c == target.classes[0];
      sum = isLeftOut ? sum : LogSum.of(sum, logProbs.at(t, c));
    }
    return sum;
  }

  /**
   * Shares what two wildcards have of the frame read last among its classes, as these weigh.
   *
   * @param into (C), overwritten
   */
  public void share(int t, double anyFrames, double anyLabels, double[] into) {
    int blank = target.classes[0];
    for (int c = 0; c < row.length; c++) {
      into[c] = anyFrames > 0 ? anyFrames * Math.exp(row[c] - ofFrames[t]) : 0;
      into[c] += anyLabels > 0 && c != blank ? anyLabels * Math.exp(row[c] - ofLabels[t]) : 0;
    }
  }
}
