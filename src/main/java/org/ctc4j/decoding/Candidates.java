package org.ctc4j.decoding;

import java.util.Arrays;

/**
 * The best prefixes of a frame, found among all that are offered. Reusable.
 *
 * <p>Those that came while there was room are put in order once, when there is no more: most of
 * them stay. Of those that came later a heap has the worst at hand.
 */
final class Candidates {
  private static final int FEW = 128; // to be put in order one by one

  private final int most;
  private final double range; // below the best
  private int count;
  private int[] first = {}; // slots of those that came while there was room, the best first
  private int firstCount;
  private final IndexHeap later = new IndexHeap(false); // the others
  private int offers; // that were taken, also if they have left since
  private long[] keys = {};
  private int[] arrival = new int[16]; // number of that offer
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
    offers = 0;
    best = Double.NEGATIVE_INFINITY;
    threshold = best;
    firstCount = 0;
    later.begin(score, arrival);
  }

  /**
   * The prefixes that were taken, the best first, of equal ones that which came first; ends the
   * offers.
   */
  int[] ranked() {
    if (count < most) {
      rankFirst();
    }
    while (count > 0 && score[worst()] <= best - range) {
      removeWorst();
    }
    int[] order = new int[count];
    while (count > 0) {
      order[count - 1] = removeWorst();
    }
    return order;
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

  /** Of equal ones that which came last. */
  private int worst() {
    return isLater() ? later.root() : first[firstCount - 1];
  }

  private int removeWorst() {
    int slot = isLater() ? later.pop() : first[--firstCount];
    count--;
    return slot;
  }

  private boolean isLater() {
    return firstCount == 0
        || later.size() > 0 && score[later.root()] <= score[first[firstCount - 1]];
  }

  /** A number that is the less the greater another is. */
  private static long descending(double value) {
    long bits = Double.doubleToRawLongBits(value);
    return ~(bits ^ bits >> 63 & Long.MAX_VALUE);
  }

  private boolean precedes(int slot, int other) {
    return score[slot] > score[other]
        || score[slot] == score[other] && arrival[slot] < arrival[other];
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
    int slot = isFull ? removeWorst() : count;
    count++;
    if (slot == score.length) {
      grow();
    }
    score[slot] = newScore;
    arrival[slot] = offers++;
    logBlank[slot] = newLogBlank;
    logLabel[slot] = newLogLabel;
    total[slot] = newTotal;
    bonus[slot] = add;
    entry[slot] = newEntry;
    label[slot] = newLabel;
    threshold = best - range;
    if (isFull) {
      later.push(slot);
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
    arrival = Arrays.copyOf(arrival, length);
    logBlank = Arrays.copyOf(logBlank, length);
    logLabel = Arrays.copyOf(logLabel, length);
    total = Arrays.copyOf(total, length);
    bonus = Arrays.copyOf(bonus, length);
    entry = Arrays.copyOf(entry, length);
    label = Arrays.copyOf(label, length);
    later.moved(score, arrival);
  }
}
