package org.ctc4j.decoding;

import java.util.Arrays;

/**
 * The best prefixes of a frame, found among all that are offered. Reusable.
 *
 * <p>Those that came while there was room are put in order once, when there is no more: most of
 * them stay. Those that came later are put in order as they come.
 */
final class Candidates {
  private static final int FEW = 128; // to be put in order one by one

  /** So few are moved, and so seldom all, for each that comes. */
  private static final int MOST_LATER = 512;

  private final int most;
  private final double range; // below the best
  private int count; // of slots in use
  private int[] first = {}; // slots of those that came while there was room, the best first
  private int firstCount;
  private final int[] later = new int[MOST_LATER]; // of the others, the best first
  private int laterCount;
  private long[] keys = {};
  private double best;
  private double threshold;
  double[] score = new double[16];
  double[] logBlank = new double[16]; // ln p of the paths that end in a blank
  double[] logLabel = new double[16]; // of those that end in the last label
  double[] total = new double[16]; // of both
  double[] bonus = new double[16]; // what the scorer added
  int[] entry = new int[16]; // in the beam before
  int[] label = new int[16]; // appended to it, or NONE

  /**
   * @param most how many are kept
   * @param range one whose score is not above the best one's less this is not kept
   */
  Candidates(int most, double range) {
    this.most = most;
    this.range = range;
  }

  void clear() {
    count = 0;
    best = Double.NEGATIVE_INFINITY;
    threshold = best;
    firstCount = 0;
    laterCount = 0;
  }

  /**
   * The prefixes that were taken, the best first, of equal ones that which came first; ends the
   * offers.
   */
  int[] ranked() {
    if (count < most) {
      rankFirst();
    }
    while (firstCount + laterCount > 0 && score[worst()] <= best - range) {
      removeWorst();
    }
    return merged();
  }

  /**
   * They come nearly in order, that of the frame before: few are soon inserted where they belong.
   */
  private void rankFirst() {
    firstCount = count;
    first = first.length < count ? new int[score.length] : first;
    for (int slot = 0; slot < count; slot++) {
      first[slot] = slot;
    }
    if (count > FEW) {
      sortFirst();
    }
    for (int k = 1; k < count; k++) {
      int slot = first[k];
      int at = k;
      for (; at > 0 && precedes(slot, first[at - 1]); at--) {
        first[at] = first[at - 1];
      }
      first[at] = slot;
    }
  }

  /** But for the last bits of the scores. */
  private void sortFirst() {
    long places = 2L * Integer.highestOneBit(count) - 1;
    keys = keys.length < count ? new long[score.length] : keys;
    for (int slot = 0; slot < count; slot++) {
      keys[slot] = descending(score[slot]) & ~places | slot;
    }
    Arrays.sort(keys, 0, count);
    for (int k = 0; k < count; k++) {
      first[k] = (int) (keys[k] & places);
    }
  }

  private void insertLater(int slot) {
    if (laterCount == MOST_LATER) {
      first = merged();
      firstCount = first.length;
    }
    int at = laterCount++;
    for (; at > 0 && score[slot] > score[later[at - 1]]; at--) {
      later[at] = later[at - 1];
    }
    later[at] = slot;
  }

  /** All in order; none is left where they were. */
  private int[] merged() {
    int[] order = new int[firstCount + laterCount];
    for (int k = order.length - 1; k >= 0; k--) {
      order[k] = removeWorst();
    }
    return order;
  }

  /** Of equal ones that which came last. */
  private int worst() {
    return isLater() ? later[laterCount - 1] : first[firstCount - 1];
  }

  private int removeWorst() {
    return isLater() ? later[--laterCount] : first[--firstCount];
  }

  private boolean isLater() {
    return firstCount == 0
        || laterCount > 0 && score[later[laterCount - 1]] <= score[first[firstCount - 1]];
  }

  /** A number that is the less the greater another is. */
  private static long descending(double value) {
    long bits = Double.doubleToRawLongBits(value);
    return ~(bits ^ bits >> 63 & Long.MAX_VALUE);
  }

  private boolean precedes(int slot, int other) {
    return score[slot] > score[other] || score[slot] == score[other] && slot < other;
  }

  /** A score that is not above this need not be offered. */
  double threshold() {
    return threshold;
  }

  /** Takes a prefix if it is among the best so far; of equal ones those that came first stay. */
  void offer(
      int newEntry,
      int newLabel,
      double newLogBlank,
      double newLogLabel,
      double newTotal,
      double add) {
    double newScore = newTotal + add;
    if (!(newScore > threshold)) {
      return;
    }
    best = Math.max(best, newScore);
    boolean isFull = count == most;
    int slot = isFull ? removeWorst() : count++;
    if (slot == score.length) {
      grow();
    }
    score[slot] = newScore;
    logBlank[slot] = newLogBlank;
    logLabel[slot] = newLogLabel;
    total[slot] = newTotal;
    bonus[slot] = add;
    entry[slot] = newEntry;
    label[slot] = newLabel;
    threshold = best - range;
    if (isFull) {
      insertLater(slot);
    } else if (count == most) {
      rankFirst();
    }
    if (count == most) {
      threshold = Math.max(threshold, score[worst()]);
    }
  }

  private void grow() {
    int length = 2 * score.length;
    score = Arrays.copyOf(score, length);
    logBlank = Arrays.copyOf(logBlank, length);
    logLabel = Arrays.copyOf(logLabel, length);
    total = Arrays.copyOf(total, length);
    bonus = Arrays.copyOf(bonus, length);
    entry = Arrays.copyOf(entry, length);
    label = Arrays.copyOf(label, length);
  }
}
