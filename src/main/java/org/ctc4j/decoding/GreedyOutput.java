package org.ctc4j.decoding;

import java.util.Arrays;

/**
 * The greedy output of an utterance, found frame by frame beside a search, and the probability of
 * an output, summed over its paths through the classes that the search considered.
 */
final class GreedyOutput {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final double NEGLIGIBLE_NATS = 60;

  /** e to the power of this and of minus this is well within float64. */
  private static final double RANGE_NATS = 700;

  private final int blank;
  private final KeptFrames frames;
  private int[] labels = new int[16];
  private int count;
  private int before;
  private double pathLogProb;
  private double mostLogProb = LOG_ZERO; // of any frame

  GreedyOutput(int classes, int blank) {
    this.blank = blank;
    this.before = blank;
    this.frames = new KeptFrames(classes);
  }

  /**
   * Takes in the next frame.
   *
   * @param row log-probabilities of the classes that are considered, −Infinity of all others
   * @param best the most probable class
   */
  void frame(double[] row, int best) {
    frames.add(row);
    double logProb = row[best];
    pathLogProb += logProb;
    mostLogProb = Math.max(mostLogProb, logProb);
    if (best != blank && best != before) {
      if (count == labels.length) {
        labels = Arrays.copyOf(labels, 2 * count);
      }
      labels[count++] = best;
    }
    before = best;
  }

  int[] labels() {
    return Arrays.copyOf(labels, count);
  }

  /** ln p of the greedy path alone. */
  double pathLogProbability() {
    return pathLogProb;
  }

  /**
   * ln p of an output that competes with the greedy one: the forward recursion, (6) and (7) of
   * Graves et al. (ICML 2006). Over those labels alone that matter: what is e<sup>−60</sup> times
   * less probable, so far, than the greedy path is in the end adds nothing to a float64. If that is
   * within its range there is no need of logarithms, which take several times as long.
   */
  double logProbability(int[] output) {
    double least = pathLogProb - NEGLIGIBLE_NATS;
    if (mostLogProb > 0.01) {
      return logSum(output, LOG_ZERO); // no probabilities: what is little now may become much
    }
    if (least > -2 * RANGE_NATS) {
      double sum = sum(output, Math.exp(least + RANGE_NATS));
      if (sum < Double.POSITIVE_INFINITY) { // unless the input adds up to more than 1
        return Math.log(sum) - RANGE_NATS;
      }
    }
    return logSum(output, least);
  }

  /** e<sup>RANGE_NATS</sup> times the sum. */
  private double sum(int[] output, double least) {
    int length = output.length;
    double[] blanks = new double[length + 1]; // blanks[i] before label i, blanks[length] the last
    double[] ends = new double[length + 2]; // ends[i + 1] on label i; 0 before and after
    blanks[0] = Math.exp(RANGE_NATS); // before the first frame
    int from = 0;
    int to = 0; // blanks and labels in [from, to] are possible
    for (int t = 0; t < frames.count(); t++) {
      double[] row = frames.read(t);
      double blankProb = Math.exp(row[blank]);
      from = Math.max(from, length - frames.count() + t); // before it the end is out of reach
      for (int i = to; i >= from; i--) { // downwards: i - 1 is still of t - 1
        if (i < length) {
          double into = ends[i + 1] + blanks[i] + (skips(output, i) ? ends[i] : 0);
          ends[i + 1] = into == 0 ? 0 : into * Math.exp(row[output[i]]);
        }
        blanks[i] = (blanks[i] + ends[i]) * blankProb;
      }
      for (; to > from && blanks[to] < least && ends[to + 1] < least; to--) {
        blanks[to] = 0;
        ends[to + 1] = 0;
      }
      for (; from < to && blanks[from] < least && ends[from + 1] < least; from++) {
        blanks[from] = 0;
        ends[from + 1] = 0;
      }
      to = Math.min(to + 1, length);
    }
    return blanks[length] + ends[length];
  }

  /** As {@link #sum}, all in logarithms. */
  private double logSum(int[] output, double least) {
    int length = output.length;
    double[] blanks = new double[length + 1];
    double[] ends = new double[length + 2];
    Arrays.fill(blanks, LOG_ZERO);
    Arrays.fill(ends, LOG_ZERO);
    blanks[0] = 0;
    int from = 0;
    int to = 0;
    for (int t = 0; t < frames.count(); t++) {
      double[] row = frames.read(t);
      from = Math.max(from, length - frames.count() + t);
      for (int i = to; i >= from; i--) {
        if (i < length) {
          double stay = LogAdd.of(ends[i + 1], blanks[i]);
          double into = skips(output, i) ? LogAdd.of(stay, ends[i]) : stay;
          ends[i + 1] = into + row[output[i]];
        }
        blanks[i] = LogAdd.of(blanks[i], ends[i]) + row[blank];
      }
      for (; to > from && blanks[to] < least && ends[to + 1] < least; to--) {
        blanks[to] = LOG_ZERO;
        ends[to + 1] = LOG_ZERO;
      }
      for (; from < to && blanks[from] < least && ends[from + 1] < least; from++) {
        blanks[from] = LOG_ZERO;
        ends[from + 1] = LOG_ZERO;
      }
      to = Math.min(to + 1, length);
    }
    return LogAdd.of(blanks[length], ends[length]);
  }

  /** Whether label i may follow the one before it without a blank. */
  private static boolean skips(int[] output, int i) {
    return i > 0 && output[i] != output[i - 1];
  }
}
