package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.host.Probabilities;

/**
 * Label probabilities of all frames of one utterance.
 *
 * <p>With best(t) the largest logit among the blank and the classes of the target, class c has
 * e<sup>x(t, c) − best(t)</sup>, which enters the lattice, and all have the factor p(t, best) in
 * common, whose logarithm is added up outside the lattice. So a frame that is certain of its label
 * is exactly 1 in the lattice, whatever its log-sum-exp, and no rounding of it is multiplied up
 * over the frames.
 *
 * <p>They are computed by column, for a long target repeats its classes, and then dealt out to the
 * places of a row of {@link Stripes}: in stage 1, or for an interval at a time when a sweep comes
 * there, see {@link LatticeMemory}.
 */
final class Emissions {
  /** A label this many nats under its frame's log-sum-exp counts as impossible: 2^26. */
  private static final double IMPOSSIBLE_NATS = 0x1p26;

  private static final double LOG_HALF = Math.log(0.5);

  /** e to the minus this, and more than e to the −700, is a normal float64. */
  private static final double LEAST = -690;

  private static final double LEAST_EXP = Math.exp(LEAST);

  private static final double[] ONE = {1};

  /** ln Σ e<sup>x</sup> of each frame. */
  double[] logSum = {};

  /** The largest logit of a column in each frame, best(t). */
  double[] best = {};

  /** ln p(t, best) of each frame, and p(t, best), which may be e<sup>−700</sup> for less. */
  double[] logBest = {};

  double[] bestP = {};

  /** The column that has more than half of a frame's probability, −1 if none has. */
  int[] certain = {};

  /** Where one has: the probability of all other classes. */
  double[] others = {};

  private double[] offsets; // o of the columns, null where nothing is added
  private double[] inverse; // e^−o of the columns, null likewise
  private double leastOffset;
  private FrameTensor logits;
  private boolean areProbabilities; // then all else is of their logarithms
  private Elements elements;
  private long start;
  private float[] direct; // the logits, if they lie side by side in such an array, else null
  private Target target;
  private Stripes stripes;
  private int frames;
  private boolean columnTable;
  private boolean placeTable;
  private int columnsLength;
  private double[] ofPlaces = {};
  private double[] ofColumns = {};

  void begin(FrameTensor tensor, int n, InputKind input, Target target, LatticeMemory memory) {
    logits = tensor;
    areProbabilities = input == InputKind.PROBABILITIES;
    elements = tensor.elements();
    start = tensor.start(n);
    direct = LogitRows.directArray(tensor);
    this.target = target;
    frames = memory.frames();
    columnTable = true;
    resize(memory);
    logSum = KeptArrays.atLeast(logSum, frames);
    logBest = KeptArrays.atLeast(logBest, frames);
    best = KeptArrays.atLeast(best, frames);
    bestP = KeptArrays.atLeast(bestP, (long) frames + EmissionRows.AT_ONCE);
    certain = KeptArrays.atLeast(certain, frames);
    others = KeptArrays.atLeast(others, frames);
  }

  /**
   * Sets what is added to the logarithm of each class, see {@link org.ctc4j.ClassOffsets}; all that
   * is said of emissions here is then of p(t, c) e<sup>o(c)</sup>, but for {@link #certain} and
   * {@link #others}, which are of probabilities.
   *
   * @param ofClasses (C), or null where nothing is added
   */
  void setOffsets(double[] ofClasses) {
    offsets = null;
    inverse = null;
    leastOffset = 0;
    if (ofClasses == null) {
      return;
    }
    offsets = new double[columnsLength];
    Arrays.setAll(offsets, k -> ofClasses[target.classOf[k]]);
    inverse = Arrays.stream(offsets).map(o -> Math.exp(-o)).toArray();
    leastOffset = Arrays.stream(offsets).min().orElseThrow();
  }

  boolean hasOffsets() {
    return offsets != null;
  }

  private double offset(int column) {
    return offsets == null ? 0 : offsets[column];
  }

  /**
   * Takes the offsets of some rows of columns back out: e<sup>x</sup> in place of e<sup>x +
   * o</sup>.
   */
  void copyWithoutOffsets(double[] rows, int at, double[] into, int count) {
    for (int row = 0; row < count * columnsLength; row += columnsLength) {
      for (int k = 0; k < columnsLength; k++) {
        into[row + k] = rows[at + row + k] * inverse[k];
      }
    }
  }

  /**
   * Takes other memory for the same frames; a table by column stays as it is, if there still is
   * one.
   */
  void resize(LatticeMemory memory) {
    stripes = memory.stripes();
    columnTable &= memory.columnTable();
    placeTable = memory.placeTable();
    columnsLength = target.columnsLength(stripes.lanes());
    if (columnTable) {
      ofColumns =
          KeptArrays.atLeast(ofColumns, (long) (frames + EmissionRows.AT_ONCE) * columnsLength);
    }
    if (placeTable) {
      ofPlaces = KeptArrays.atLeast(ofPlaces, (long) frames * stripes.emissionLength());
    }
  }

  /** Lets go of the logits. */
  void release() {
    logits = null;
    elements = null;
    direct = null;
  }

  /** Finds the best of each of some frames, which the rows stand at. */
  void findBest(int from, int count, LogitRows rows, Scratch scratch) {
    double[] x = scratch.block.ofColumns;
    for (int i = 0; i < count; i++) {
      if (rows.isDouble()) {
        lookUp(from + i, x, i * columnsLength);
      } else {
        gather(rows.array, scratch.block.at[i], x, i * columnsLength);
        takeLogarithms(x, i * columnsLength);
        addOffsets(x, i * columnsLength);
      }
    }
    scratch.kernels.max(scratch.rows(x, count, columnsLength), best, from);
  }

  private void gather(float[] row, int at, double[] into, int intoAt) {
    int[] classOf = target.classOf;
    int n = columnsLength;
    for (int k = 0; k < n; k++) {
      into[intoAt + k] = row[at + classOf[k]];
    }
  }

  private void takeLogarithms(double[] x, int at) {
    for (int k = at; areProbabilities && k < at + columnsLength; k++) {
      x[k] = Probabilities.log(x[k]);
    }
  }

  private void addOffsets(double[] x, int at) {
    for (int k = 0; offsets != null && k < columnsLength; k++) {
      x[at + k] += offsets[k];
    }
  }

  private void lookUp(int t, double[] into, int intoAt) {
    lookUpNumbers(t, into, intoAt);
    takeLogarithms(into, intoAt);
    addOffsets(into, intoAt);
  }

  /** As they are given. */
  private void lookUpNumbers(int t, double[] into, int intoAt) {
    long frame = start + t * logits.frameStride();
    if (direct != null) {
      gather(direct, (int) frame, into, intoAt);
      return;
    }
    for (int k = 0; k < columnsLength; k++) {
      into[intoAt + k] = elements.get(frame + target.classOf[k] * logits.classStride());
    }
  }

  /**
   * The best column of frame t, the i-th of those whose best were just found, if it is a certain
   * one, else −1.
   *
   * @param log ln p(t, best)
   */
  int certainColumn(int t, int i, double log, Scratch scratch) {
    if (!(log > LOG_HALF + leastOffset)) {
      return -1;
    }
    int column = bestColumn(t, i, scratch);
    return log - offset(column) > LOG_HALF ? column : -1;
  }

  /** The best column of frame t, the i-th of those whose best were just found. */
  int bestColumn(int t, int i, Scratch scratch) {
    int k = target.distinct; // the blank most of the time
    while (scratch.block.ofColumns[i * columnsLength + k] != best[t]) {
      k--;
    }
    return k;
  }

  /** Sets ln p(t, best) of a frame that is not certain. */
  void set(int t, double log) {
    logBest[t] = log;
    certain[t] = -1;
  }

  /**
   * Sets ln p(t, best) of a frame that is certain of it, and its log-sum-exp.
   *
   * @param ratio of the probability of all other classes to that of the best
   */
  void setCertain(int t, int column, double ratio) {
    double log = log1p(ratio);
    logSum[t] = best[t] - offset(column) + log;
    logBest[t] = offset(column) - log;
    certain[t] = column;
    others[t] = ratio / (1 + ratio);
  }

  /**
   * ln(1 + x), x ≥ 0, to a few of the last bits. {@link Math#log1p} is a call out of Java, which a
   * frame would wait for.
   */
  static double log1p(double x) {
    if (x < 0x1p-4) { // the series of 2 artanh(y / 2)
      double y = 2 * x / (2 + x);
      double z = y * y;
      double fourth = 1.0 / 80 + z * (1.0 / 448 + z * (1.0 / 2304));
      return y + y * z * (1.0 / 12 + z * fourth);
    }
    double sum = 1 + x;
    return Math.log(sum) * (x / (sum - 1)); // the factor makes up for the rounding of the sum
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
    findBestP(from, count, scratch);
    double[] x = scratch.block.ofColumns;
    if (!columnTable) {
      boolean fine = true;
      for (int i = 0; i < count; i++) {
        fine &= areRepresentable(from + i, x, i * columnsLength);
      }
      return fine;
    }
    boolean fine = compute(from, count, x, ofColumns, from * columnsLength, scratch);
    for (int t = from; placeTable && t < from + count; t++) {
      deal(ofColumns, t * columnsLength, ofPlaces, t * stripes.emissionLength());
    }
    return fine;
  }

  private void findBestP(int from, int count, Scratch scratch) {
    int lanes = scratch.kernels.lanes();
    double[] x = scratch.block.logs;
    int n = (count + lanes - 1) / lanes * lanes;
    System.arraycopy(logBest, from, x, 0, count);
    Arrays.fill(x, count, n, 0);
    scratch.kernels.exp(scratch.rows(x, 1, n), ONE, 0, x, 0);
    for (int i = 0; i < count; i++) { // log-probabilities may be any number
      double log = logBest[from + i];
      bestP[from + i] = log <= 1 ? Math.E * x[i] : Math.exp(log);
    }
  }

  private boolean areRepresentable(int t, double[] x, int at) {
    boolean fine = true;
    for (int k = at; k <= at + target.distinct; k++) {
      fine &= x[k] - best[t] >= LEAST || isImpossible(t, x[k]);
    }
    return fine;
  }

  /** Moves {@code emission} to an interval of frames, and the frame after it. */
  void seek(int interval, EmissionRows emission, Scratch scratch) {
    if (columnTable) {
      emission.takeColumns(ofColumns);
    }
    if (placeTable) {
      emission.takePlaces(ofPlaces);
    } else if (emission.moveTo(interval)) {
      int first = interval * stripes.interval();
      for (int t = first; t < Math.min(first + stripes.interval() + 1, frames); t++) {
        if (!columnTable) {
          lookUp(t, scratch.ofColumns, 0);
          compute(t, 1, scratch.ofColumns, emission.ofColumns, emission.columnsAt(t), scratch);
        }
        deal(emission.ofColumns, emission.columnsAt(t), emission.p, emission.at(t));
      }
    }
  }

  /**
   * Computes some rows from their logits, which stand one after another. Returns whether float64
   * can hold the probabilities.
   */
  private boolean compute(int from, int count, double[] x, double[] into, int at, Scratch scratch) {
    boolean fine = true;
    DoubleRows rows = scratch.rows(x, count, columnsLength);
    if (!(scratch.kernels.exp(rows, best, from, into, at) >= LEAST_EXP)) {
      for (int i = 0; i < count; i++) {
        fine &= computeAny(from + i, x, i * columnsLength, into, at + i * columnsLength);
      }
    }
    for (int i = 0; i < count; i++) {
      into[at + i * columnsLength + target.distinct + 1] = 0; // of padding
    }
    return fine;
  }

  /**
   * Goes through a row that was computed together with others: numbers that are too small for that
   * are computed one at a time, with impossible labels told apart.
   */
  private boolean computeAny(int t, double[] x, int from, double[] into, int at) {
    boolean fine = true;
    for (int k = 0; k <= target.distinct; k++) {
      double difference = x[from + k] - best[t];
      if (!(difference >= LEAST)) {
        boolean impossible = isImpossible(t, x[from + k]);
        into[at + k] = impossible ? 0 : Math.exp(difference);
        fine &= impossible;
      }
    }
    return fine;
  }

  /** From the columns to the places. */
  private void deal(double[] columns, int from, double[] places, int at) {
    int[] columnAt = target.columnAt;
    int n = stripes.width() + 1;
    for (int i = 0; i < n; i++) {
      places[at + i] = columns[from + columnAt[i]];
    }
  }

  /** ln of the probabilities of the columns and, after them, of the blank; relative to the best. */
  void logs(int t, double[] into) {
    lookUp(t, into, 0);
    for (int k = 0; k <= target.distinct; k++) {
      into[k] = isImpossible(t, into[k]) ? Double.NEGATIVE_INFINITY : into[k] - best[t];
    }
  }

  /**
   * Adds factor · e<sup>x</sup> of the columns and, after them, of the blank in frame t: for scores
   * so large that p(t, best), by which others are multiplied, is no number.
   */
  void addScores(int t, double factor, double[] into, int at, Scratch scratch) {
    lookUpNumbers(t, scratch.ofColumns, 0);
    for (int k = 0; k <= target.distinct; k++) {
      into[at + k] += factor * Math.exp(scratch.ofColumns[k]);
    }
  }

  /**
   * Divides by the probabilities of the columns and, after them, of the blank in frame t, where
   * they are above 0.
   */
  void divideByProbabilities(int t, double[] x, int at, Scratch scratch) {
    double[] p = scratch.ofColumns;
    lookUpNumbers(t, p, 0);
    for (int k = 0; k <= target.distinct; k++) {
      x[at + k] /= p[k] > 0 ? p[k] : 1;
    }
  }

  /** Finds p(t, best) of logits once more, with the log-sum-exp in float64. */
  void findInFloat64(int t, Scratch scratch) {
    int classes = logits.classes();
    int lanes = scratch.kernels.lanes();
    int length = (classes + lanes - 1) / lanes * lanes;
    double[] e = scratch.float64Row(length);
    long frame = start + t * logits.frameStride();
    for (int c = 0; c < classes; c++) {
      e[c] = elements.get(frame + c * logits.classStride());
    }
    Arrays.fill(e, classes, length, e[0]);
    double[] shift = scratch.block.shifts;
    scratch.kernels.max(scratch.rows(e, 1, length), shift, 0);
    scratch.kernels.exp(scratch.rows(e, 1, length), shift, 0, e, 0);
    int left = certain[t] < 0 ? -1 : target.classOf[certain[t]]; // whose logit is the shift
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += c == left ? 0 : e[c];
    }
    if (left < 0) {
      set(t, best[t] - shift[0] - Math.log(sum));
    } else {
      setCertain(t, certain[t], sum);
    }
    bestP[t] = Math.exp(logBest[t]);
  }
}
