package org.ctc4j.decoding;

import java.util.Arrays;

/** The classes that a search considered, frame by frame, with their log-probabilities. */
final class KeptFrames {
  private final double[] row; // −Infinity but for the classes of the frame that was read last
  private int count;
  private int[] ends = new int[16]; // of frame t's classes in the arrays below
  private int[] classes = new int[256];
  private double[] logProbs = new double[256];
  private int from; // the classes that are in the row
  private int to;

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
    unload();
    count = 0;
    to = from;
  }

  /**
   * Keeps a frame.
   *
   * @param frame log-probabilities, −Infinity of the classes that are not considered
   */
  void add(double[] frame) {
    int end = count == 0 ? 0 : ends[count - 1];
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, 2 * count);
    }
    if (classes.length - end < frame.length) {
      int length = Math.max(2 * classes.length, end + frame.length);
      classes = Arrays.copyOf(classes, length);
      logProbs = Arrays.copyOf(logProbs, length);
    }
    for (int c = 0; c < frame.length; c++) {
      if (frame[c] != Double.NEGATIVE_INFINITY) {
        classes[end] = c;
        logProbs[end++] = frame[c];
      }
    }
    ends[count++] = end;
  }

  /**
   * Frame t, as it was added.
   *
   * @return C numbers, until the next is read
   */
  double[] read(int t) {
    unload();
    from = t == 0 ? 0 : ends[t - 1];
    to = ends[t];
    for (int i = from; i < to; i++) {
      row[classes[i]] = logProbs[i];
    }
    return row;
  }

  private void unload() {
    for (int i = from; i < to; i++) {
      row[classes[i]] = Double.NEGATIVE_INFINITY;
    }
  }
}
