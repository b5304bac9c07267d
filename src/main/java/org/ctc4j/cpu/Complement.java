package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.InputKind;
import org.ctc4j.host.Probabilities;
import org.ctc4j.host.RangeSums;

/**
 * Loss and gradient of a nearly certain utterance by q = 1 − p(target), the probability of all
 * paths that do not collapse to the target: what is left of p in float64 beside 1 is nothing.
 *
 * <p>From every state a symbol leads to one state or out of the target for good, so the probability
 * f of not collapsing to it, given a state, is a sum of positive terms, and the gradient a
 * difference of numbers of q's size; see {@code org.ctc4j.reference.Complement} for the equations.
 * Everything is a probability in float64, whose range is enough: no state that matters has less
 * than q.
 *
 * <pre>
 * f ← Σ_{k leads out} y(k) + Σ_{other k} y(k) f(δ(·, k)),   loss = −ln(1 − f_0),   γ − y from f and alpha
 * </pre>
 *
 * <p>f comes from the last frame to the first and leaves every √T-th row; then alpha goes to the
 * last, while f is computed again between these. State s is blank s / 2 if even, label s / 2 if
 * odd. Slow beside the sweeps, and it allocates: {@link OtherPaths} spares most utterances it.
 */
final class Complement {
  /** Below so many nats the sweeps' loss may be off by a millionth: exponentials are, by 1e-15. */
  private static final double NATS = 1e-7;

  private static final double NATS_PER_FRAME = 1e-8;

  /** By how much rounding may take ln Σ y of a frame of log-probabilities from 0. */
  private static final double ROUNDING_NATS = 0.01;

  /**
   * How far float64 rounding takes ln Σ y of a frame from 0; of no loss that has digits beside it.
   */
  private static final double FLOAT64_NATS = 4e-16;

  /** Of q: where it is more, its digits are not needed. */
  private static final double NEARLY_CERTAIN = 0.4;

  /** Of q: what all states and frames together may lose of it. */
  private static final double NOTHING = 1e-30;

  /** Of exponentials as {@link Kernels} have them: e to the −700, and a little more. */
  private static final double LEAST_EXP = 1e-304;

  private final Utterance utterance;
  private final Scratch scratch;
  private final Target target;
  private final InputKind input;
  private final int frames;
  private final int states;
  private final int blank; // its column
  private final int others; // the column of all classes that the target does not have
  private final int none; // a column of probability 0
  private final int[] nextColumn; // of the label that a path may go to from label i without a blank
  private double[] x; // a frame's logits
  private final double[] row; // then its probabilities of all classes
  private final double[] y; // of columns
  private final double[] leaving; // by state: Σ y of the symbols that lead out of it
  private final int[] seen; // by column: the states before it are counted
  private final RangeSums sums = new RangeSums();
  private final double[] shift = new double[1];
  private final int[] largest = new int[3]; // columns, −1 where there are fewer
  private final int[] bitOf; // by column: of its place among the largest, 0 if it has none
  private final double[] small; // y of columns that have none, else 0
  private final double[] rest =
      new double[8]; // Σ y without those of the largest whose bits are set
  private double logSum; // of a frame's log-probabilities or scores
  private double logSums;
  private double rounding;
  private boolean rounded = true;
  private boolean byShares;
  private boolean certain;

  private final int interval;
  private double[][] checkpoints = {};

  Complement(Utterance utterance, Scratch scratch) {
    this.utterance = utterance;
    this.scratch = scratch;
    target = utterance.target;
    input = utterance.input;
    frames = utterance.frames();
    states = 2 * target.length + 1;
    blank = target.distinct;
    others = blank + 1;
    int lanes = scratch.kernels.lanes();
    row = new double[(utterance.classes + lanes - 1) / lanes * lanes];
    none = others + 1;
    nextColumn = new int[target.length];
    for (int i = 0; i < target.length; i++) {
      boolean leads = i + 1 < target.length && target.skips(i + 1);
      nextColumn[i] = leads ? target.column[i + 1] : none;
    }
    y = new double[none + 1];
    leaving = new double[states];
    bitOf = new int[none + 1];
    small = new double[none + 1];
    seen = new int[others];
    interval = Math.max(1, (int) Math.ceil(Math.sqrt(frames)));
  }

  /** Below so many nats a loss of the sweeps may have lost digits; −Infinity with offsets. */
  static double limit(Utterance u) {
    if (u.emissions.hasOffsets()) {
      return Double.NEGATIVE_INFINITY;
    }
    ElementType type = u.type();
    double perFrame =
        u.input == InputKind.LOGITS || u.input == InputKind.SCORES || type == ElementType.FLOAT64
            ? NATS_PER_FRAME
            : type == ElementType.FLOAT32 ? 1e-6 : 2 * ROUNDING_NATS;
    return NATS + perFrame * u.frames();
  }

  /**
   * The loss, in nats.
   *
   * @param ofSweeps what it is where the utterance is not nearly certain after all, as of scores
   *     whose sums are far from 1
   */
  double loss(double ofSweeps) {
    checkpoints = utterance.wantsGradient ? new double[frames / interval + 1][] : checkpoints;
    double[] f = atTheEnd();
    double[] before = new double[states];
    for (int t = frames - 1; t >= 0; t--) {
      read(t);
      add(logSum);
      step(f, before);
      double[] swap = f;
      f = before;
      before = swap;
      if (t % interval == 0 && utterance.wantsGradient) {
        checkpoints[t / interval] = f.clone();
      }
    }
    certain = f[0] < NEARLY_CERTAIN;
    if (!certain) {
      return ofSweeps;
    }
    double ofPaths = 0 - Math.log1p(-f[0]);
    double nats = ofPaths - logSums;
    byShares =
        input != InputKind.SCORES
            && (rounding < FLOAT64_NATS * frames || rounded && nats < 2 * rounding);
    return byShares ? ofPaths : nats;
  }

  private void add(double logSum) {
    logSums += logSum;
    rounding += Math.abs(logSum);
    rounded &= Math.abs(logSum) < ROUNDING_NATS;
  }

  private double[] atTheEnd() {
    double[] f = new double[states];
    Arrays.fill(f, 0, Math.max(0, states - 2), 1);
    return f;
  }

  /** Writes softmax − γ of all classes and frames; {@link #loss} has been called. */
  void gradient() {
    if (!certain) {
      return;
    }
    double q = checkpoints[0][0];
    double[][] after = new double[interval][states]; // f behind each frame of an interval
    double[] alpha = new double[states];
    double[] next = new double[states];
    double[] failing = new double[others];
    alpha[0] = 1;
    double left = 0;
    for (int from = 0; from < frames; from += interval) {
      int end = Math.min(from + interval, frames);
      after[end - 1 - from] = end == frames ? atTheEnd() : checkpoints[end / interval];
      for (int t = end - 1; t > from; t--) {
        read(t);
        step(after[t - from], after[t - 1 - from]);
      }
      for (int t = from; t < end; t++) {
        read(t);
        findFailing(alpha, left, after[t - from], failing);
        store(t, failing, q);
        left = leave(alpha, left, next, NOTHING * q);
        double[] swap = alpha;
        alpha = next;
        next = swap;
      }
    }
  }

  // ---- a frame ----

  /** Finds the probabilities of all classes, and of the columns, in frame t. */
  private void read(int t) {
    int classes = utterance.classes;
    x = scratch.float64Row(row.length);
    scratch.logits.copy(t, x);
    for (int c = 0; input == InputKind.PROBABILITIES && c < classes; c++) {
      x[c] = Probabilities.log(x[c]);
    }
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = x[c] > x[best] ? c : best;
    }
    shift[0] = x[best];
    Arrays.fill(x, classes, row.length, x[best]);
    if (scratch.kernels.exp(scratch.rows(x, 1, row.length), shift, 0, row, 0) <= LEAST_EXP) {
      for (int c = 0; c < classes; c++) {
        row[c] = row[c] <= LEAST_EXP ? Math.exp(x[c] - shift[0]) : row[c];
      }
    }
    row[best] = 0;
    double sum = sum(row, classes);
    row[best] = 1;
    logSum = input != InputKind.LOGITS ? shift[0] + Math.log1p(sum) : 0;
    double share = 1 / (1 + sum);
    for (int c = 0; c < classes; c++) {
      row[c] *= share;
    }
    takeColumns();
    findLargest();
    findLeaving();
  }

  private void takeColumns() {
    for (int k = 0; k <= blank; k++) {
      y[k] = row[target.classOf[k]];
      row[target.classOf[k]] = 0;
    }
    y[others] = sum(row, utterance.classes);
  }

  /** Four accumulators: one would wait for each addition. */
  private static double sum(double[] x, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i < n - 3; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < n; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  private void findLargest() {
    Arrays.fill(bitOf, 0);
    Arrays.fill(largest, -1);
    for (int k = 0; k <= others; k++) {
      if (largest[2] >= 0 && y[k] <= y[largest[2]]) {
        continue;
      }
      for (int i = 0, next = k; i < largest.length && next >= 0; i++) {
        if (largest[i] < 0 || y[next] > y[largest[i]]) {
          int smaller = largest[i];
          largest[i] = next;
          next = smaller;
        }
      }
    }
    System.arraycopy(y, 0, small, 0, none);
    for (int i = 0; i < largest.length && largest[i] >= 0; i++) {
      bitOf[largest[i]] = 1 << i;
      small[largest[i]] = 0;
    }
    double ofSmall = sum(small, none);
    for (int bits = 0; bits < rest.length; bits++) {
      rest[bits] = ofSmall;
      for (int i = 2; i >= 0; i--) {
        rest[bits] += largest[i] < 0 || (bits >> i & 1) == 1 ? 0 : y[largest[i]];
      }
    }
  }

  /**
   * Of each state, Σ y over all columns but the three or fewer that lead to another one. The
   * largest are left out, small ones subtracted: what is subtracted is no larger than what remains,
   * so nothing is lost in rounding.
   */
  private void findLeaving() {
    int bit = bitOf[blank];
    double ofBlank = small[blank];
    for (int i = 0; i < target.length; i++) {
      int own = target.column[i];
      int next = nextColumn[i];
      int bits = bit | bitOf[own];
      double subtracted = ofBlank + small[own];
      leaving[2 * i] = rest[bits] - subtracted;
      leaving[2 * i + 1] = rest[bits | bitOf[next]] - (subtracted + small[next]);
    }
    leaving[states - 1] = rest[bit] - ofBlank;
  }

  // ---- a step ----

  /** f before the frame that was read from that after it. */
  private void step(double[] after, double[] before) {
    double ofBlank = y[blank];
    for (int i = 0; i < target.length; i++) {
      int s = 2 * i;
      double own = y[target.column[i]];
      double next = y[nextColumn[i]]; // 0 if there is none
      double afterNext = after[Math.min(s + 3, states - 1)];
      before[s] = leaving[s] + ofBlank * after[s] + own * after[s + 1];
      before[s + 1] =
          leaving[s + 1] + ofBlank * after[s + 2] + own * after[s + 1] + next * afterNext;
    }
    before[states - 1] = leaving[states - 1] + ofBlank * after[states - 1];
  }

  /**
   * Alpha after the frame that was read; returns the probability of having left by then.
   *
   * @param least what is nothing beside q, and soon no normal number: it counts as 0
   */
  private double leave(double[] alpha, double left, double[] next, double least) {
    double ofBlank = y[blank];
    double fromBlanks = alpha[states - 1] * leaving[states - 1];
    double fromLabels = 0;
    double before = 0; // the label before
    for (int i = 0; i < target.length; i++) {
      double b = alpha[2 * i];
      double l = alpha[2 * i + 1];
      fromBlanks += b * leaving[2 * i];
      fromLabels += l * leaving[2 * i + 1];
      double toBlank = ofBlank * (b + before);
      double toLabel = y[target.column[i]] * (l + b + (target.skips(i) ? before : 0));
      next[2 * i] = toBlank < least ? 0 : toBlank;
      next[2 * i + 1] = toLabel < least ? 0 : toLabel;
      before = l;
    }
    next[states - 1] = ofBlank * (alpha[states - 1] + before);
    return left + fromBlanks + fromLabels;
  }

  /**
   * The probability of not collapsing to the target given the symbol of a frame, by column.
   *
   * @param left that of having left before
   * @param after f behind the frame
   */
  private void findFailing(double[] alpha, double left, double[] after, double[] failing) {
    sums.begin(alpha, states);
    Arrays.fill(seen, 0);
    Arrays.fill(failing, left);
    for (int s = 1; s < states; s += 2) {
      int k = target.column[s / 2];
      int first = target.skips(s / 2) ? s - 2 : s - 1;
      double here = alpha[s] + alpha[s - 1] + (target.skips(s / 2) ? alpha[s - 2] : 0);
      failing[k] += sums.sum(seen[k], first) + here * after[s];
      seen[k] = s + 1;
    }
    for (int k = 0; k < blank; k++) {
      failing[k] += sums.sum(seen[k], states);
    }
    for (int s = 0; s < states; s++) {
      failing[blank] += alpha[s] * after[s + s % 2];
    }
  }

  /**
   * failing[k] − q, q being the mean of {@code failing} over all symbols, by the differences to the
   * others: of the most probable symbol it may be less than the rounding of q.
   */
  private double toOthers(int k, double[] failing) {
    double sum = y[others] * (failing[k] - 1);
    for (int j = 0; j <= blank; j++) {
      sum += y[j] * (failing[k] - failing[j]);
    }
    return sum;
  }

  private void store(int t, double[] failing, double q) {
    boolean ofShares = input == InputKind.LOGITS || byShares;
    for (int c = 0; !ofShares && c < utterance.classes; c++) {
      row[c] += more(c, row[c]);
    }
    for (int k = 0; k <= blank; k++) {
      double difference = k == largest[0] ? toOthers(k, failing) : failing[k] - q;
      int c = target.classOf[k];
      row[c] = y[k] * (difference / (1 - q)) + (ofShares ? 0 : more(c, y[k]));
    }
    scratch.gradient.store(t, row, 1);
  }

  /**
   * By how much e<sup>x</sup> of a class is more than its share of the sum, which may be no number,
   * as the share may be 0 where e<sup>x</sup> is not.
   */
  private double more(int c, double share) {
    return logSum < 1 ? share * Math.expm1(logSum) : Math.exp(x[c]) - share;
  }
}
