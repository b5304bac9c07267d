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
  private int best;
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

  /**
   * Selects.
   *
   * @param row the scores of the classes, of which the order is taken, without rounding;
   *     overwritten with the log-probabilities of those selected, −Infinity for all others
   * @param normaliser score − log-probability of any class
   */
  void select(double[] row, double normaliser) {
    heap.begin(row);
    if (all) {
      selectAll(row, normaliser);
    } else {
      selectTop(row, normaliser);
    }
  }

  private void selectAll(double[] row, double normaliser) {
    best = 0;
    for (int c = 1; c < row.length; c++) {
      best = row[c] > row[best] ? c : best;
    }
    double least = Math.min(row[best] - normaliser, minLogProb);
    for (int c = 0; c < row.length; c++) {
      row[c] -= normaliser;
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

  private void selectTop(double[] row, double normaliser) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < row.length; c++) {
      double score = row[c];
      greatest = Math.max(greatest, score);
      if (score == Double.NEGATIVE_INFINITY) {
        continue;
      }
      if (heap.size() < most) {
        heap.push(c);
      } else if (score > row[heap.root()]) {
        heap.replaceRoot(c);
      }
    }
    double least = Math.min(greatest - normaliser, minLogProb);
    while (heap.size() > 0 && row[heap.root()] - normaliser < least) {
      heap.pop();
    }
    count = heap.size();
    ordered = count;
    for (int i = count - 1; i >= 0; i--) {
      classes[i] = heap.pop();
      kept[i] = row[classes[i]] - normaliser;
    }
    Arrays.fill(row, Double.NEGATIVE_INFINITY);
    for (int i = 0; i < count; i++) {
      row[classes[i]] = kept[i];
    }
    best = count == 0 ? 0 : classes[0];
  }

  /** The most probable class, of equal ones that of the least index. */
  int best() {
    return best;
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
