package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Label probabilities of all frames of one utterance.
 *
 * <p>With best(t) the largest logit among the blank and the classes of the target, class c has
 * e<sup>x(t, c) − best(t)</sup>, which enters the lattice, and all have the factor p(t, best) in
 * common, whose logarithm is added up outside the lattice. So a frame that is certain of its label
 * is exactly 1 in the lattice, whatever its log-sum-exp, and no rounding of it is multiplied up
 * over the frames.
 *
 * <p>Columns are the distinct classes, not the labels: a long target repeats them, and what is read
 * in each frame stays small.
 */
final class Emissions {
  /** A label this many nats under its frame's log-sum-exp counts as impossible: 2^26. */
  private static final double IMPOSSIBLE_NATS = 0x1p26;

  /** e to the minus this, and more than e to the −700, is a normal float64. */
  private static final double LEAST = -690;

  /** ln Σ e<sup>x</sup> of each frame. */
  double[] logSum = {};

  /** The largest logit of a slot in each frame, best(t). */
  double[] best = {};

  /** ln p(t, best) of each frame, and p(t, best). */
  double[] logBest = {};

  double[] bestP = {};

  /** The slot that has more than half of a frame's probability, −1 if none has. */
  int[] certain = {};

  /** Where one has: the probability of all other classes. */
  double[] others = {};

  private FrameTensor logits;
  private Elements elements;
  private long start;
  private Target target;
  private Stripes stripes;
  private int frames;
  private int rowLength;
  private boolean table;
  private double[] p = {};

  void begin(FrameTensor tensor, int n, Target itsTarget, Plan plan) {
    logits = tensor;
    elements = tensor.elements();
    start = tensor.start(n);
    target = itsTarget;
    rowLength = Target.rowLength(target.distinct, plan.stripes().lanes());
    table = plan.table();
    stripes = plan.stripes();
    frames = plan.frames();
    logSum = Grow.atLeast(logSum, frames);
    logBest = Grow.atLeast(logBest, frames);
    best = Grow.atLeast(best, frames);
    bestP = Grow.atLeast(bestP, frames);
    certain = Grow.atLeast(certain, frames);
    others = Grow.atLeast(others, frames);
    if (table) {
      p = Grow.atLeast(p, (long) frames * rowLength);
    }
  }

  /** Lets go of the table, if the plan has none any more. */
  void replan(Plan plan) {
    if (table && !plan.table()) {
      table = false;
      p = new double[0];
    }
  }

  /** How long a row of the distinct classes is. */
  int rowLength() {
    return rowLength;
  }

  /** Finds the best of each of some frames, which the rows stand at. */
  void findBest(int from, int count, LogitRows rows, Scratch scratch) {
    double[] x = scratch.block.differences;
    for (int i = 0; i < count; i++) {
      if (rows.isDouble()) {
        lookUp(from + i, x, i * rowLength);
      } else {
        gather(rows.array, scratch.block.at[i], x, i * rowLength);
      }
    }
    scratch.kernels.max(x, count, rowLength, best, from);
  }

  private void gather(float[] row, int at, double[] into, int intoAt) {
    int[] classOf = target.classOf;
    int distinct = target.distinct;
    for (int k = 0; k <= distinct; k++) {
      into[intoAt + k] = row[at + classOf[k]];
    }
    Arrays.fill(into, intoAt + distinct + 1, intoAt + rowLength, into[intoAt]);
  }

  private void lookUp(int t, double[] into, int intoAt) {
    long frame = start + t * logits.frameStride();
    for (int k = 0; k <= target.distinct; k++) {
      into[intoAt + k] = elements.get(frame + target.classOf[k] * logits.classStride());
    }
    Arrays.fill(into, intoAt + target.distinct + 1, intoAt + rowLength, into[intoAt]);
  }

  /** The best slot of frame t, the i-th of those whose best were just found. */
  int bestSlot(int t, int i, Scratch scratch) {
    int k = target.distinct; // the blank most of the time
    while (scratch.block.differences[i * rowLength + k] != best[t]) {
      k--;
    }
    return k;
  }

  /** Sets ln p(t, best) of a frame that is not certain. */
  void set(int t, double log) {
    logBest[t] = log;
    bestP[t] = Math.exp(log);
    certain[t] = -1;
  }

  /**
   * Sets p(t, best) of a frame that is certain of it.
   *
   * @param ratio of the probability of all other classes to that of the best
   */
  void setCertain(int t, int slot, double ratio) {
    logBest[t] = -Math.log1p(ratio);
    bestP[t] = 1 / (1 + ratio);
    certain[t] = slot;
    others[t] = ratio / (1 + ratio);
  }

  /** Whether a label with logit x has probability 0 in frame t. */
  boolean isImpossible(int t, double x) {
    return x == Double.NEGATIVE_INFINITY || x - logSum[t] < -IMPOSSIBLE_NATS;
  }

  /**
   * Takes in some frames, whose {@link #findBest} was called just before.
   *
   * @return whether float64 can hold the probabilities
   */
  boolean put(int from, int count, Scratch scratch) {
    double[] x = scratch.block.differences;
    for (int i = 0; i < count; i++) {
      subtract(x, i * rowLength, best[from + i]);
    }
    if (table && scratch.kernels.exp(x, count * rowLength, p, from * rowLength) >= LEAST) {
      for (int t = from; t < from + count; t++) {
        p[t * rowLength + target.distinct + 1] = 0;
      }
      return true;
    }
    boolean fine = true;
    for (int t = from; t < from + count; t++) {
      fine &= table ? compute(t, p, t * rowLength, scratch) : isRepresentable(t, x, t - from);
    }
    return fine;
  }

  private boolean isRepresentable(int t, double[] differences, int row) {
    boolean fine = true;
    for (int k = row * rowLength; k <= row * rowLength + target.distinct; k++) {
      fine &= differences[k] >= LEAST || isImpossible(t, differences[k] + best[t]);
    }
    return fine;
  }

  private void subtract(double[] x, int at, double best) {
    for (int k = at; k < at + rowLength; k++) {
      x[k] -= best;
    }
  }

  /** Moves {@code emission} to an interval of frames, and the frame after it. */
  void seek(int interval, Emission emission, Scratch scratch) {
    if (table) {
      emission.pointTo(p);
    } else if (emission.pointToOwn(interval)) {
      int first = interval * stripes.interval();
      for (int t = first; t < Math.min(first + stripes.interval() + 1, frames); t++) {
        compute(t, emission.p, emission.at(t), scratch);
      }
    }
  }

  /** Fills a row; returns whether float64 can hold the probabilities. */
  private boolean compute(int t, double[] into, int at, Scratch scratch) {
    double[] x = scratch.differences;
    lookUp(t, x, 0);
    subtract(x, 0, best[t]);
    boolean fine = scratch.kernels.exp(x, rowLength, into, at) >= LEAST;
    if (!fine) {
      // for any numbers: one at a time, with impossible labels told apart
      fine = true;
      for (int k = 0; k <= target.distinct; k++) {
        boolean impossible = isImpossible(t, x[k] + best[t]);
        into[at + k] = impossible ? 0 : Math.exp(x[k]);
        fine &= impossible || x[k] >= LEAST;
      }
    }
    into[at + target.distinct + 1] = 0;
    return fine;
  }

  /** ln of the probabilities of the slots and, after them, of the blank; relative to the best. */
  void logs(int t, double[] into) {
    lookUp(t, into, 0);
    for (int k = 0; k <= target.distinct; k++) {
      into[k] = isImpossible(t, into[k]) ? Double.NEGATIVE_INFINITY : into[k] - best[t];
    }
  }

  /** Finds p(t, best) of logits once more, with the log-sum-exp in float64. */
  void findExactly(int t, Scratch scratch) {
    int classes = logits.classes();
    int lanes = scratch.kernels.lanes();
    int length = (classes + lanes - 1) / lanes * lanes;
    double[] e = scratch.exact(length);
    long frame = start + t * logits.frameStride();
    for (int c = 0; c < classes; c++) {
      e[c] = elements.get(frame + c * logits.classStride()) - best[t];
    }
    Arrays.fill(e, classes, length, Kernels.EXP_LEAST);
    scratch.kernels.exp(e, length, e, 0);
    int left = certain[t] < 0 ? -1 : target.classOf[certain[t]];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += c == left ? 0 : e[c];
    }
    if (left < 0) {
      set(t, -Math.log(sum));
    } else {
      setCertain(t, certain[t], sum);
    }
  }
}
