package org.ctc4j.decoding;

import java.util.Arrays;

/** The best prefixes of a frame, found among all that are offered. Reusable. */
final class Candidates {
  private final int most;
  private final double range; // below the best
  private final IndexHeap worst = new IndexHeap(false);
  private int count;
  private int offers; // that were taken, also if they have left since
  private int[] arrival = new int[16]; // number of that offer
  private double best;
  double[] score = new double[16];
  double[] logBlank = new double[16]; // ln p of the paths that end in a blank
  double[] logLabel = new double[16]; // of those that end in the last label
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
    worst.begin(score, arrival);
  }

  /**
   * The prefixes that were taken, the best first, of equal ones that which came first; ends the
   * offers.
   */
  int[] ranked() {
    while (count > 0 && score[worst.root()] <= best - range) {
      worst.pop();
      count--;
    }
    int[] order = new int[count];
    for (int k = count - 1; k >= 0; k--) {
      order[k] = worst.pop();
    }
    return order;
  }

  /** A score that is not above this need not be offered. */
  double threshold() {
    double least = best - range;
    return count < most ? least : Math.max(least, score[worst.root()]);
  }

  /** Takes a prefix if it is among the best so far; of equal ones those that came first stay. */
  void offer(
      int newEntry,
      int newLabel,
      double newLogBlank,
      double newLogLabel,
      double total,
      double add) {
    double newScore = total + add;
    if (!(newScore > threshold())) {
      return;
    }
    best = Math.max(best, newScore);
    boolean room = count < most;
    int slot = room ? count++ : worst.root();
    if (slot == score.length) {
      grow();
    }
    score[slot] = newScore;
    arrival[slot] = offers++;
    logBlank[slot] = newLogBlank;
    logLabel[slot] = newLogLabel;
    bonus[slot] = add;
    entry[slot] = newEntry;
    label[slot] = newLabel;
    if (room) {
      worst.push(slot);
    } else {
      worst.replaceRoot(slot);
    }
  }

  private void grow() {
    int length = 2 * score.length;
    score = Arrays.copyOf(score, length);
    arrival = Arrays.copyOf(arrival, length);
    logBlank = Arrays.copyOf(logBlank, length);
    logLabel = Arrays.copyOf(logLabel, length);
    bonus = Arrays.copyOf(bonus, length);
    entry = Arrays.copyOf(entry, length);
    label = Arrays.copyOf(label, length);
    worst.moved(score, arrival);
  }
}
