package org.ctc4j.decoding;

import java.util.Arrays;
import org.ctc4j.BeamOptions;

/**
 * The classes of a frame that a beam search considers, the most probable first. Where all are
 * considered they are put in order as far as they are asked for: a narrow beam looks at few.
 */
final class ClassPruning {
  private final int most;
  private final double minLogProb;
  private final int[] classes;
  private final double[] kept;
  private final boolean all;
  private final IndexHeap heap;
  private int count;
  private int ordered; // how many of the classes are in their place

  ClassPruning(int allClasses, BeamOptions options) {
    most = Math.min(allClasses, options.topClasses());
    minLogProb = options.minLogProbability();
    all = most == allClasses;
    heap = new IndexHeap(all);
    classes = new int[most];
    kept = new double[most];
  }

  /** Selects, and makes every other class impossible in {@code row}. */
  void select(double[] row) {
    heap.begin(row);
    if (all) {
      selectAll(row);
    } else {
      selectTop(row);
    }
  }

  private void selectAll(double[] row) {
    double best = Double.NEGATIVE_INFINITY;
    for (double logProb : row) {
      best = Math.max(best, logProb);
    }
    double least = Math.min(best, minLogProb);
    for (int c = 0; c < row.length; c++) {
      if (row[c] < least) {
        row[c] = Double.NEGATIVE_INFINITY;
      }
      if (row[c] != Double.NEGATIVE_INFINITY) {
        heap.push(c);
      }
    }
    count = heap.size();
    ordered = 0;
  }

  private void selectTop(double[] row) {
    double best = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < row.length; c++) {
      double logProb = row[c];
      best = Math.max(best, logProb);
      if (logProb == Double.NEGATIVE_INFINITY) {
        continue;
      }
      if (heap.size() < most) {
        heap.push(c);
      } else if (logProb > row[heap.root()]) {
        heap.replaceRoot(c);
      }
    }
    double least = Math.min(best, minLogProb);
    while (heap.size() > 0 && row[heap.root()] < least) {
      heap.pop();
    }
    count = heap.size();
    ordered = count;
    for (int i = count - 1; i >= 0; i--) {
      classes[i] = heap.pop();
      kept[i] = row[classes[i]];
    }
    if (count < row.length) {
      Arrays.fill(row, Double.NEGATIVE_INFINITY);
      for (int i = 0; i < count; i++) {
        row[classes[i]] = kept[i];
      }
    }
  }

  int count() {
    return count;
  }

  /** Class i of those selected, the most probable first; of equal ones the least index first. */
  int get(int i) {
    while (ordered <= i) {
      classes[ordered++] = heap.pop();
    }
    return classes[i];
  }
}
