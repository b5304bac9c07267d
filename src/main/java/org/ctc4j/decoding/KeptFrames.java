package org.ctc4j.decoding;

import java.util.Arrays;

/** The classes that a search considered, frame by frame, with their log-probabilities. */
final class KeptFrames {
  private final double[] row; // −Infinity but for the classes of the frame that was read last
  private int count;
  private int[][] classes = new int[16][]; // of frame t; null if they are all
  private double[][] logProbs = new double[16][]; // of these
  private int[] inRow = {};

  /**
   * @param allClasses C
   */
  KeptFrames(int allClasses) {
    row = new double[allClasses];
    Arrays.fill(row, Double.NEGATIVE_INFINITY);
  }

  /** How many frames there are. */
  int count() {
    return count;
  }

  /** Forgets all frames. */
  void clear() {
    Arrays.fill(classes, 0, count, null);
    Arrays.fill(logProbs, 0, count, null);
    count = 0;
  }

  /**
   * Keeps a frame.
   *
   * @param frame log-probabilities, −Infinity of the classes that are not considered
   */
  void add(double[] frame) {
    if (count == classes.length) {
      classes = Arrays.copyOf(classes, 2 * count);
      logProbs = Arrays.copyOf(logProbs, 2 * count);
    }
    int considered = 0;
    for (double logProb : frame) {
      considered += logProb == Double.NEGATIVE_INFINITY ? 0 : 1;
    }
    if (considered == frame.length) {
      logProbs[count++] = frame.clone();
      return;
    }
    int[] some = new int[considered];
    double[] ofThese = new double[considered];
    int k = 0;
    for (int c = 0; c < frame.length; c++) {
      if (frame[c] != Double.NEGATIVE_INFINITY) {
        some[k] = c;
        ofThese[k++] = frame[c];
      }
    }
    classes[count] = some;
    logProbs[count++] = ofThese;
  }

  /**
   * Frame t, as it was added.
   *
   * @return C numbers, to be read only, and until the next is read
   */
  double[] read(int t) {
    int[] some = classes[t];
    if (some == null) {
      return logProbs[t];
    }
    for (int c : inRow) {
      row[c] = Double.NEGATIVE_INFINITY;
    }
    for (int k = 0; k < some.length; k++) {
      row[some[k]] = logProbs[t][k];
    }
    inRow = some;
    return row;
  }
}
