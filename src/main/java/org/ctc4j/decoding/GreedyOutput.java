package org.ctc4j.decoding;

import java.util.Arrays;
import org.ctc4j.host.LogProbs;

/**
 * The greedy output of an utterance, found frame by frame beside a search, and its probability,
 * summed over its paths through the classes that the search considered.
 */
final class GreedyOutput {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final LogProbs logProbs;
  private final int blank;
  private final double[] leastLogProb; // of the classes that frame t considers
  private final int[] leastClass; // the last of those that are as probable as that
  private int[] labels = new int[16];
  private int count;
  private int before;
  private double pathLogProb;

  GreedyOutput(LogProbs logProbs, int blank) {
    this.logProbs = logProbs;
    this.blank = blank;
    this.before = blank;
    this.leastLogProb = new double[logProbs.frames()];
    this.leastClass = new int[logProbs.frames()];
  }

  /** Takes in frame t, whose classes have been selected. */
  void frame(int t, ClassPruning classes) {
    leastLogProb[t] = classes.leastLogProb();
    leastClass[t] = classes.leastClass();
    int best = classes.best();
    pathLogProb += logProbs.at(t, best);
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
   * ln p of the output: the forward recursion, (6) and (7) of Graves et al. (ICML 2006). Over those
   * labels alone that matter: what is e<sup>−60</sup> times less probable, so far, than the greedy
   * path is in the end adds nothing to a float64.
   */
  double logProbability() {
    int frames = logProbs.frames();
    double least = pathLogProb - 60;
    double[] blanks = new double[count + 1]; // blanks[i] before label i, blanks[count] the last
    double[] ends = new double[count + 2]; // ends[i + 1] on label i; −Infinity before and after
    Arrays.fill(blanks, LOG_ZERO);
    Arrays.fill(ends, LOG_ZERO);
    blanks[0] = 0; // before the first frame
    int from = 0;
    int to = 0; // blanks and labels in [from, to] are possible
    for (int t = 0; t < frames; t++) {
      double blankLogProb = logProb(t, blank);
      from = Math.max(from, count - frames + t); // from before there the end cannot be reached
      for (int i = to; i >= from; i--) { // downwards: i - 1 is still of t - 1
        if (i < count) {
          double stay = LogAdd.of(ends[i + 1], blanks[i]);
          boolean skips = i > 0 && labels[i] != labels[i - 1];
          ends[i + 1] = (skips ? LogAdd.of(stay, ends[i]) : stay) + logProb(t, labels[i]);
        }
        blanks[i] = LogAdd.of(blanks[i], ends[i]) + blankLogProb;
      }
      for (; to > from && blanks[to] < least && ends[to + 1] < least; to--) {
        blanks[to] = LOG_ZERO;
        ends[to + 1] = LOG_ZERO;
      }
      for (; from < to && blanks[from] < least && ends[from + 1] < least; from++) {
        blanks[from] = LOG_ZERO;
        ends[from + 1] = LOG_ZERO;
      }
      to = Math.min(to + 1, count);
    }
    return LogAdd.of(blanks[count], ends[count]);
  }

  private double logProb(int t, int c) {
    double logProb = logProbs.at(t, c);
    boolean considered =
        logProb > leastLogProb[t] || logProb == leastLogProb[t] && c <= leastClass[t];
    return considered ? logProb : LOG_ZERO;
  }
}
