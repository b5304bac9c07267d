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
 * odd. Slow beside the sweeps, and it allocates.
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
  private double[] x; // a frame's logits
  private final double[] row; // then its probabilities of all classes
  private final double[] y; // of columns
  private final int[] seen; // by column: the states before it are counted
  private final RangeSums sums = new RangeSums();
  private final double[] shift = new double[1];
  private final double[] rest = new double[4]; // Σ y without the first i of the largest columns
  private final int[] largest = new int[3];
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
    y = new double[others + 1];
    seen = new int[others];
    interval = Math.max(1, (int) Math.ceil(Math.sqrt(frames)));
  }

  /** Whether a loss of the sweeps is so small that it must come from here. */
  static boolean isNeeded(Utterance u, double loss) {
    ElementType type = u.type();
    double perFrame =
        u.input == InputKind.LOGITS || u.input == InputKind.SCORES || type == ElementType.FLOAT64
            ? NATS_PER_FRAME
            : type == ElementType.FLOAT32 ? 1e-6 : 2 * ROUNDING_NATS;
    return !u.emissions.hasOffsets() && loss < NATS + perFrame * u.frames();
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
        left = leave(alpha, left, next);
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
    double sum = 0; // beside the best
    for (int c = 0; c < classes; c++) {
      sum += c == best ? 0 : row[c];
    }
    logSum = input != InputKind.LOGITS ? shift[0] + Math.log1p(sum) : 0;
    for (int c = 0; c < classes; c++) {
      row[c] /= 1 + sum;
    }
    takeColumns();
    findLargest();
  }

  private void takeColumns() {
    for (int k = 0; k <= blank; k++) {
      y[k] = row[target.classOf[k]];
      row[target.classOf[k]] = 0;
    }
    y[others] = 0;
    for (int c = 0; c < utterance.classes; c++) {
      y[others] += row[c];
    }
  }

  private void findLargest() {
    Arrays.fill(largest, -1);
    for (int k = 0; k <= others; k++) {
      for (int i = 0, next = k; i < largest.length && next >= 0; i++) {
        if (largest[i] < 0 || y[next] > y[largest[i]]) {
          int smaller = largest[i];
          largest[i] = next;
          next = smaller;
        }
      }
    }
    rest[3] = 0;
    for (int k = 0; k <= others; k++) {
      rest[3] += k == largest[0] || k == largest[1] || k == largest[2] ? 0 : y[k];
    }
    for (int i = 2; i >= 0; i--) {
      rest[i] = rest[i + 1] + (largest[i] < 0 ? 0 : y[largest[i]]);
    }
  }

  /**
   * Σ y over all columns but three, different ones or −1. What is subtracted is no larger than what
   * remains, so nothing is lost in rounding.
   */
  private double without(int a, int b, int c) {
    int out = 0; // so many of the largest are not in it
    while (out < 3
        && largest[out] >= 0
        && (largest[out] == a || largest[out] == b || largest[out] == c)) {
      out++;
    }
    return rest[out] - within(a, out) - within(b, out) - within(c, out);
  }

  /** What column k contributes to {@code rest[out]}. */
  private double within(int k, int out) {
    for (int i = 0; i < out; i++) {
      if (largest[i] == k) {
        return 0;
      }
    }
    return k < 0 ? 0 : y[k];
  }

  // ---- a step ----

  /** The label after state s that a path may go to without a blank between; L if there is none. */
  private int nextLabel(int s) {
    int next = (s + 1) / 2;
    return s % 2 == 1 && next < target.length && !target.skips(next) ? target.length : next;
  }

  /** Σ y of the symbols that lead out of state s. */
  private double leaving(int s) {
    int next = nextLabel(s);
    return without(
        blank,
        s % 2 == 1 ? target.column[s / 2] : -1,
        next < target.length ? target.column[next] : -1);
  }

  /** f before the frame that was read from that after it. */
  private void step(double[] after, double[] before) {
    for (int s = 0; s < states; s++) {
      double sum = leaving(s) + y[blank] * after[s + s % 2];
      if (s % 2 == 1) {
        sum += y[target.column[s / 2]] * after[s];
      }
      int next = nextLabel(s);
      if (next < target.length) {
        sum += y[target.column[next]] * after[2 * next + 1];
      }
      before[s] = sum;
    }
  }

  /** Alpha after the frame that was read; returns the probability of having left by then. */
  private double leave(double[] alpha, double left, double[] next) {
    double sum = left;
    for (int s = 0; s < states; s++) {
      sum += alpha[s] * leaving(s);
      boolean label = s % 2 == 1;
      next[s] =
          y[label ? target.column[s / 2] : blank]
              * (alpha[s]
                  + (s >= 1 ? alpha[s - 1] : 0)
                  + (label && target.skips(s / 2) ? alpha[s - 2] : 0));
    }
    return sum;
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
      failing[k] += sums.sum(seen[k], first) + sums.sum(first, s + 1) * after[s];
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
