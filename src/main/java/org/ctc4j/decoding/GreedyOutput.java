package org.ctc4j.decoding;

import java.util.Arrays;

/**
 * The greedy output of an utterance, found frame by frame beside a search, and the probability of
 * an output, summed over its paths through the classes that the search considered.
 *
 * <p>Only so many frames are kept. After these the search starts it anew: sums then begin with what
 * the beam held, and the greedy path with its best prefix.
 */
final class GreedyOutput {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final double NEGLIGIBLE_NATS = 60;

  /** e to the power of this and of minus this is well within float64. */
  private static final double RANGE_NATS = 700;

  /** So many numbers of frames are kept, */
  private static final int KEPT_NUMBERS = 1 << 18;

  /** of so many frames at least, and at most. */
  private static final int LEAST_FRAMES = 256;

  private static final int MOST_FRAMES = 4096;

  private final int blank;
  private final int mostFrames;
  private final KeptFrames frames;

  // how it started
  private int[][] starts = {{}}; // labels of the prefixes in the beam
  private double[] startBlank = {0}; // ln p of those of their paths that end in a blank, less start
  private double[] startLabel = {LOG_ZERO};
  private double start; // ln p of what the greedy path begins with

  private int[] labels = new int[16];
  private int count;
  private int before;
  private double pathLogProb; // less start
  private double[] pathLogProbs = new double[16]; // the same after frame t

  // of the output that was summed last, less start
  private double logBlank;
  private double logLabel;

  /**
   * @param mostConsidered how many classes of a frame are considered at most
   */
  GreedyOutput(int classes, int blank, int mostConsidered) {
    this.blank = blank;
    this.before = blank;
    this.frames = new KeptFrames(classes);
    this.mostFrames = Math.max(LEAST_FRAMES, Math.min(KEPT_NUMBERS / mostConsidered, MOST_FRAMES));
  }

  /** Whether it is to be started anew before the next frame. */
  boolean isFull() {
    return frames.count() == mostFrames;
  }

  /**
   * Starts anew; the last symbol stays.
   *
   * @param prefixes labels of those in the beam, not empty but for the empty prefix
   * @param ofBlank ln p of their paths that end in a blank
   * @param ofLabel ln p of their paths that do not
   * @param best which the greedy path goes on from
   */
  void start(int[][] prefixes, double[] ofBlank, double[] ofLabel, int best) {
    frames.clear();
    start = Math.max(ofBlank[best], ofLabel[best]);
    starts = prefixes;
    startBlank = Arrays.stream(ofBlank).map(x -> x - start).toArray();
    startLabel = Arrays.stream(ofLabel).map(x -> x - start).toArray();
    count = prefixes[best].length;
    labels = Arrays.copyOf(prefixes[best], count + 16);
    pathLogProb = 0;
  }

  /** The greedy path goes on from another, whose last symbol is this. */
  void setSymbol(int symbol) {
    before = symbol;
  }

  /** Nothing is possible any more. */
  void giveUp() {
    pathLogProb = LOG_ZERO;
    frames.clear();
  }

  /**
   * Takes in the next frame.
   *
   * @param row log-probabilities of the classes that are considered, −Infinity of all others
   * @param best the most probable class
   */
  void frame(double[] row, int best) {
    int t = frames.count();
    frames.add(row);
    pathLogProb += row[best];
    if (t == pathLogProbs.length) {
      pathLogProbs = Arrays.copyOf(pathLogProbs, 2 * t);
    }
    pathLogProbs[t] = pathLogProb;
    if (best != blank && best != before) {
      if (count == labels.length) {
        labels = Arrays.copyOf(labels, 2 * count);
      }
      labels[count++] = best;
    }
    before = best;
  }

  /** From those on that the prefixes of {@link #start} began with. */
  int[] labels() {
    return Arrays.copyOf(labels, count);
  }

  /** ln p of the greedy path alone. */
  double pathLogProbability() {
    return start + pathLogProb;
  }

  /** Of the output that was asked about last: ln p of its paths that end in a blank. */
  double logBlank() {
    return start + logBlank;
  }

  /** Of the output that was asked about last: ln p of its paths that end in a label. */
  double logLabel() {
    return start + logLabel;
  }

  /**
   * ln p of an output that competes with the greedy one: the forward recursion, (6) and (7) of
   * Graves et al. (ICML 2006). Over those labels alone that matter: no path gains more in the
   * frames to come than the greedy one does, so what is e<sup>−60</sup> times less probable than
   * that by now adds nothing to a float64. If all is within its range there is no need of
   * logarithms, which take several times as long.
   */
  double logProbability(int[] output) {
    if (pathLogProb - NEGLIGIBLE_NATS > -2 * RANGE_NATS) {
      double sum = sum(output);
      if (sum < Double.POSITIVE_INFINITY) { // unless the input adds up to more than 1
        return start + (Math.log(sum) - RANGE_NATS);
      }
    }
    return start + logSum(output);
  }

  /** e<sup>RANGE_NATS</sup> times the sum. */
  private double sum(int[] output) {
    int length = output.length;
    double[] blanks = new double[length + 1]; // blanks[i] before label i, blanks[length] the last
    double[] ends = new double[length + 2]; // ends[i + 1] on label i; 0 before and after
    int from = 0;
    int to = begin(output, blanks, ends); // blanks and labels in [from, to] are possible
    for (int i = 0; i <= to; i++) {
      blanks[i] = Math.exp(blanks[i] + RANGE_NATS);
      ends[i] = Math.exp(ends[i] + RANGE_NATS);
    }
    Arrays.fill(blanks, to + 1, length + 1, 0);
    Arrays.fill(ends, to + 1, length + 2, 0);
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
      double least = Math.exp(pathLogProbs[t] - NEGLIGIBLE_NATS + RANGE_NATS);
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
    logBlank = Math.log(blanks[length]) - RANGE_NATS;
    logLabel = Math.log(ends[length]) - RANGE_NATS;
    return blanks[length] + ends[length];
  }

  /** As {@link #sum}, all in logarithms. */
  private double logSum(int[] output) {
    int length = output.length;
    double[] blanks = new double[length + 1];
    double[] ends = new double[length + 2];
    int from = 0;
    int to = begin(output, blanks, ends);
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
      double least = pathLogProbs[t] - NEGLIGIBLE_NATS;
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
    logBlank = blanks[length];
    logLabel = ends[length];
    return LogAdd.of(logBlank, logLabel);
  }

  /**
   * Before the first frame: the prefixes that an output begins with, in logarithms.
   *
   * @return the length of the longest
   */
  private int begin(int[] output, double[] blanks, double[] ends) {
    Arrays.fill(blanks, LOG_ZERO);
    Arrays.fill(ends, LOG_ZERO);
    int longest = 0;
    for (int i = 0; i < starts.length; i++) {
      int length = starts[i].length;
      if (length <= output.length && Arrays.equals(starts[i], 0, length, output, 0, length)) {
        blanks[length] = startBlank[i];
        ends[length] = startLabel[i];
        longest = Math.max(longest, length);
      }
    }
    return longest;
  }

  /** Whether label i may follow the one before it without a blank. */
  private static boolean skips(int[] output, int i) {
    return i > 0 && output[i] != output[i - 1];
  }
}
