package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.Targets;

/** The labels of one utterance, and what the stages want to know of them. */
final class Target {
  /** More than the columns after the blank, so that a row of them is whole vectors. */
  private static final int SPARE = 8;

  /** L. */
  int length;

  /** Class of label i, i &lt; L. */
  int[] labels = {};

  /**
   * How many different classes the labels have. Those with the fewest labels come first, so that a
   * loop over the labels of each class, which is done for each frame, has few surprises for the
   * processor.
   */
  int distinct;

  /** Which of the distinct classes label i has. */
  int[] column = {};

  /** Class of each column; the blank after them, and once more for whole vectors. */
  int[] classOf = {};

  /**
   * Where the labels of column k begin in {@link #places}, and after all columns where they end.
   */
  int[] first = {};

  /** The places of the labels in a row, column by column. */
  int[] places = {};

  /** The place of label i in a row, and of the blank before it; i = L for the last blank. */
  int[] placeOf = {};

  /** Its stripe. */
  int[] stripeOf = {};

  /**
   * The column of the label at each place of a row, that of the blank after them; distinct + 1 for
   * padding.
   */
  int[] columnAt = {};

  /** 1 where a path may come to the label at a place from the label before, without a blank. */
  double[] skipAt = {};

  private int[] columnOfClass = {}; // −1 but while begin() runs
  private int[] counts = {};
  private int[] order = {};

  /** The fewest frames that a path needs. */
  int leastFrames;

  void begin(Targets targets, int n, int classes, int blank) {
    length = targets.length(n);
    labels = KeptArrays.atLeast(labels, length);
    column = KeptArrays.atLeast(column, length);
    classOf = KeptArrays.atLeast(classOf, (long) length + 1 + SPARE);
    counts = KeptArrays.atLeast(counts, length);
    if (columnOfClass.length < classes) {
      columnOfClass = new int[classes];
      Arrays.fill(columnOfClass, -1);
    }
    targets.copyTo(n, labels);
    leastFrames = length;
    distinct = 0;
    for (int i = 0; i < length; i++) {
      leastFrames += i > 0 && !skips(i) ? 1 : 0;
      int k = columnOfClass[labels[i]];
      if (k < 0) {
        k = distinct++;
        columnOfClass[labels[i]] = k;
        counts[k] = 0;
      }
      column[i] = k;
      counts[k]++;
    }
    sort();
    for (int i = 0; i < length; i++) {
      column[i] = order[column[i]];
      classOf[column[i]] = labels[i];
      columnOfClass[labels[i]] = -1;
    }
    Arrays.fill(classOf, distinct, distinct + 1 + SPARE, blank);
  }

  /** Finds the order of the columns by their counts, and where the places of each begin. */
  private void sort() {
    order = KeptArrays.atLeast(order, distinct);
    first = KeptArrays.atLeast(first, length + 2L);
    Arrays.fill(first, 0, length + 2, 0);
    for (int k = 0; k < distinct; k++) {
      first[counts[k] + 1]++;
    }
    for (int count = 1; count <= length; count++) {
      first[count] += first[count - 1];
    }
    for (int k = 0; k < distinct; k++) {
      order[k] = first[counts[k]]++;
    }
    for (int k = 0; k < distinct; k++) {
      first[order[k] + 1] = counts[k];
    }
    first[0] = 0;
    for (int k = 0; k < distinct; k++) {
      first[k + 1] += first[k];
    }
  }

  /** Lays the labels out. */
  void place(Stripes stripes) {
    int width = stripes.width();
    columnAt = KeptArrays.atLeast(columnAt, width + 1L);
    skipAt = KeptArrays.atLeast(skipAt, width);
    places = KeptArrays.atLeast(places, length);
    placeOf = KeptArrays.atLeast(placeOf, length + 1L);
    stripeOf = KeptArrays.atLeast(stripeOf, length + 1L);
    Arrays.fill(columnAt, 0, width, distinct + 1);
    columnAt[width] = distinct;
    Arrays.fill(skipAt, 0, width, 0);
    System.arraycopy(first, 0, counts, 0, distinct);
    for (int i = 0; i < length; i++) {
      int place = stripes.place(i);
      placeOf[i] = place;
      columnAt[place] = column[i];
      skipAt[place] = skips(i) ? 1 : 0;
      places[counts[column[i]]++] = place;
    }
    placeOf[length] = stripes.place(length);
    for (int i = 0, stripe = 0; i <= length; stripe++) {
      int end = Math.min(i + stripes.depth(), length + 1);
      Arrays.fill(stripeOf, i, end, stripe);
      i = end;
    }
  }

  /** How long a row is that has a number for each column, the blank and padding: whole vectors. */
  int columnsLength(int lanes) {
    return (distinct + 1 + lanes) / lanes * lanes;
  }

  /** Whether a path may come to label i from label i − 1 without a blank. */
  boolean skips(int i) {
    return i > 0 && labels[i] != labels[i - 1];
  }
}
