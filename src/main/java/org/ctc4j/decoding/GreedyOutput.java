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

  /** ln p of the output: the forward recursion, (6) and (7) of Graves et al. (ICML 2006). */
  double logProbability() {
    int frames = logProbs.frames();
    int[] distinct = Arrays.stream(labels, 0, count).distinct().toArray();
    double[] row = new double[logProbs.classes()];
    double[] blanks = new double[count + 1]; // blanks[i] before label i, blanks[count] the last
    double[] ends = new double[count + 1]; // ends[i + 1] on label i
    Arrays.fill(blanks, LOG_ZERO);
    Arrays.fill(ends, LOG_ZERO);
    blanks[0] = 0; // before the first frame
    for (int t = 0; t < frames; t++) {
      row[blank] = logProb(t, blank);
      for (int c : distinct) {
        row[c] = logProb(t, c);
      }
      // what can be reached by now, and from where the end can be reached
      int from = Math.max(0, count - frames + t);
      for (int i = Math.min(t, count); i >= from; i--) { // downwards: i - 1 is still of t - 1
        if (i < count) {
          double stay = LogAdd.of(ends[i + 1], blanks[i]);
          boolean skips = i > 0 && labels[i] != labels[i - 1];
          ends[i + 1] = (skips ? LogAdd.of(stay, ends[i]) : stay) + row[labels[i]];
        }
        blanks[i] = LogAdd.of(blanks[i], ends[i]) + row[blank];
      }
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
