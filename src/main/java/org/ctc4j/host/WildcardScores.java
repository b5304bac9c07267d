package org.ctc4j.host;

import java.util.Arrays;
import org.ctc4j.Wildcards;

/**
 * What frames weigh in the columns of a {@link WildcardTarget}: ln of it, relative to the frame's
 * greatest class where {@link LogProbs} has it so. Frames are read once, in order; then they can be
 * looked up. Not thread-safe.
 *
 * <p>The same bits as on a GPU (kernels/align_wildcards.cu), where a warp adds up what its lanes
 * have: paths are compared by these numbers.
 */
public final class WildcardScores {
  private static final int PARTS = 32; // of a sum over classes

  private final LogProbs logProbs;
  private final WildcardTarget target;
  private final Wildcards wildcards;
  private final double[] offsets; // or null
  private final double[] ofFrames; // ln Σ w of frame t, once read
  private final double[] ofLabels; // the same without the blank
  private final double[] row;
  private final double[] parts = new double[PARTS];

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
    ofFrames[t] = Probabilities.logAdd(ofLabels[t], row[blank]);
    return true;
  }

  /** ln Σ e^x of the row, one class left out. */
  private double logSum(int without) {
    int best = -1;
    for (int c = 0; c < row.length; c++) {
      best = c != without && (best < 0 || row[c] > row[best]) ? c : best;
    }
    if (best < 0 || row[best] == Double.NEGATIVE_INFINITY) {
      return Double.NEGATIVE_INFINITY;
    }
    Arrays.fill(parts, 0);
    for (int c = 0; c < row.length; c++) {
      parts[c % PARTS] += c == without || c == best ? 0 : Probabilities.exp(row[c] - row[best]);
    }
    for (int half = PARTS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        parts[i] += parts[i + half];
      }
    }
    return row[best] + Probabilities.log1p(parts[0]);
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
    boolean isWhole = logProbs.areNormalised() && offsets == null; // p itself, to the last bit
    double sum = isWhole ? logProbs.normaliser(t) : ofFrames[t];
    for (int c = 0; c < row.length; c++) {
      into[c] = anyFrames > 0 ? anyFrames * Math.exp(row[c] - sum) : 0;
      into[c] += anyLabels > 0 && c != blank ? anyLabels * Math.exp(row[c] - ofLabels[t]) : 0;
    }
  }
}
