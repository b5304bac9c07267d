package org.ctc4j.decoding;

import java.util.Arrays;

/** The best prefixes of a frame, found among all that are offered. Reusable. */
final class Candidates {
  private final int most;
  private final double range; // below the best
  private final IndexHeap worst = new IndexHeap(false);
  private int count;
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
    worst.begin(score, arrival);
  }

  /**
   * The prefixes that were taken, the best first, of equal ones that which came first; ends the
   * offers.
   */
  int[] ranked() {
    int kept = 0;
    long places = 2L * Integer.highestOneBit(Math.max(1, count)) - 1;
    keys = keys.length < count ? new long[score.length] : keys;
    for (int slot = 0; slot < count; slot++) {
      if (score[slot] > best - range) {
        keys[kept++] = descending(score[slot]) & ~places | slot;
      }
    }
    Arrays.sort(keys, 0, kept); // but for the last bits of the scores
    int[] order = new int[kept];
    for (int k = 0; k < kept; k++) {
      int slot = (int) (keys[k] & places);
      int at = k;
      for (; at > 0 && precedes(slot, order[at - 1]); at--) {
        order[at] = order[at - 1];
      }
      order[at] = slot;
    }
    return order;
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
    int slot = count < most ? count++ : worst.root();
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
    if (count == most) {
      putInHeap(slot);
      threshold = Math.max(threshold, score[worst.root()]);
    }
  }

  /** There is no need of a heap before the last place is taken. */
  private void putInHeap(int slot) {
    if (worst.size() == most) {
      worst.replaceRoot(slot);
      return;
    }
    for (int k = count - 1; k >= 0; k--) { // the worst came last, mostly
      worst.push(k);
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
    worst.moved(score, arrival);
  }
}
