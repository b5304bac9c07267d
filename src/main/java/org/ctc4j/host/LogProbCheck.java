package org.ctc4j.host;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.ctc4j.CtcBatch;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;

/**
 * Whether numbers that are said to be log-probabilities can be: none above 0 and each frame's
 * probabilities with a sum of 1, as far as rounding and pruned classes allow. {@link InputKind}
 * says what that is.
 *
 * <p>All used frames are gone through once with a coarse exponential. Only where that finds
 * something, {@code Math.exp} decides.
 *
 * <p>The loops are those that C2 makes vectors of: short, over arrays from their first element on,
 * and what is added up goes into as many sums as a block has places. So e<sup>x</sup> costs less
 * than a comparison that would spare it.
 */
public final class LogProbCheck {
  private static final double SUM_TOLERANCE = 0.05;

  /** The coarse sum is at most 1 % too large, and as good as never too small. */
  private static final double LEAST_COARSE_SUM = 1 - SUM_TOLERANCE + 0.01;

  private static final double LARGEST_COARSE_SUM = 1 + SUM_TOLERANCE - 0.001;

  /** Below this e^x counts as nothing: 10^24 such classes could not matter. */
  private static final float LEAST = -64;

  private static final int BLOCK = 1024;

  /** Of so many numbers a helping thread is worth its start. */
  private static final long NUMBERS_PER_THREAD = 1 << 19;

  private final FrameTensor logProbs;
  private final double tolerance; // of a single number
  private final float[] x = new float[BLOCK];
  private final float[] exp = new float[BLOCK];
  private final float[] sums = new float[BLOCK]; // of all blocks of a long row, place by place
  private final float[] largest = new float[BLOCK]; // of all blocks of an utterance

  private LogProbCheck(FrameTensor logProbs) {
    this.logProbs = logProbs;
    ElementType type = logProbs.elements().type();
    boolean wide = type == ElementType.FLOAT32 || type == ElementType.FLOAT64;
    this.tolerance = wide ? 1e-5 : 1e-3;
  }

  /** {@link #check(CtcBatch, InputKind, Workers)} on the calling thread alone. */
  public static void check(CtcBatch batch, InputKind input) {
    check(batch, input, Workers.of(EngineOptions.DEFAULT.withThreads(1)));
  }

  /**
   * Refuses a batch that is said to hold log-probabilities and cannot. Infeasible utterances and
   * those of weight 0 are looked at like all others. Looks at nothing if the input is of another
   * kind.
   *
   * @throws InvalidInputException naming the first such frame of the first such utterance
   */
  public static void check(CtcBatch batch, InputKind input, Workers workers) {
    if (input != InputKind.LOG_PROBS) {
      return;
    }
    long numbers = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      numbers += (long) batch.inputLength(n) * batch.logits().classes();
    }
    int parts = (int) Math.min(workers.threads(), 1 + numbers / NUMBERS_PER_THREAD);
    AtomicInteger first = new AtomicInteger(batch.utterances()); // that is refused
    workers.forEach(
        parts,
        k -> {
          LogProbCheck check = new LogProbCheck(batch.logits());
          for (int n = k; n < first.get(); n += parts) {
            if (check.fault(n, batch.inputLength(n)) != null) {
              first.accumulateAndGet(n, Math::min);
            }
          }
        });
    if (first.get() < batch.utterances()) {
      int n = first.get();
      throw new InvalidInputException(
          new LogProbCheck(batch.logits()).fault(n, batch.inputLength(n)));
    }
  }

  /** What is wrong with an utterance; null if nothing is. */
  private String fault(int n, int frames) {
    String fault = null;
    if (!passes(n, frames)) {
      for (int t = 0; t < frames && fault == null; t++) {
        fault = faultOfFrame(n, t);
      }
    }
    return fault;
  }

  // ---- coarse ----

  /** False if there may be something wrong; NaN is nothing that passes. */
  private boolean passes(int n, int frames) {
    Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    int rows = Math.max(1, BLOCK / logProbs.classes());
    for (int t = 0; t < frames; t += rows) {
      boolean pass =
          logProbs.classes() > BLOCK
              ? longRowPasses(n, t)
              : rowsPass(n, t, Math.min(rows, frames - t));
      if (!pass) {
        return false;
      }
    }
    for (float number : largest) {
      if (!(number <= tolerance)) {
        return false;
      }
    }
    return true;
  }

  private boolean rowsPass(int n, int from, int count) {
    int classes = logProbs.classes();
    for (int i = 0; i < count; i++) {
      read(n, from + i, 0, i * classes, classes);
    }
    exponentials(count * classes);
    for (int i = 0; i < count; i++) {
      if (!isNearOne(sum(exp, i * classes, classes))) {
        return false;
      }
    }
    return true;
  }

  private boolean longRowPasses(int n, int t) {
    Arrays.fill(sums, 0);
    for (int c = 0; c < logProbs.classes(); c += BLOCK) {
      int count = Math.min(BLOCK, logProbs.classes() - c);
      read(n, t, c, 0, count);
      exponentials(count);
      for (int i = 0; i < count; i++) {
        sums[i] += exp[i];
      }
    }
    return isNearOne(sum(sums, 0, BLOCK));
  }

  private void read(int n, int t, int c, int into, int count) {
    logProbs.elements().read(logProbs.index(t, n, c), logProbs.classStride(), x, into, count);
  }

  /**
   * Of the first numbers of the block, about: (1 + y + y²/2)^256 with y = x / 256 is too large by
   * |x|³ / 393216, which is 1 % at −15.
   */
  private void exponentials(int count) {
    for (int i = 0; i < count; i++) {
      largest[i] = Math.max(largest[i], x[i]);
    }
    for (int i = 0; i < count; i++) {
      float y = Math.max(x[i], LEAST) * 0x1p-8f;
      exp[i] = 1 + y * (1 + 0.5f * y);
    }
    power16(count);
    power16(count);
  }

  private void power16(int count) {
    for (int i = 0; i < count; i++) {
      float p = exp[i] * exp[i];
      p *= p;
      p *= p;
      exp[i] = p * p;
    }
  }

  private static double sum(float[] x, int at, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = at;
    int end = at + n;
    for (; i + 3 < end; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < end; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  private static boolean isNearOne(double sum) {
    return sum >= LEAST_COARSE_SUM && sum <= LARGEST_COARSE_SUM;
  }

  // ---- exact ----

  /** What is wrong with a frame; null if nothing is. */
  private String faultOfFrame(int n, int t) {
    int best = 0;
    double sum = 0;
    double plainSum = 0;
    boolean negative = false;
    for (int c = 0; c < logProbs.classes(); c++) {
      double number = logProbs.get(t, n, c);
      if (!(number < Double.POSITIVE_INFINITY)) {
        return null; // its utterance gets the status NOT_FINITE
      }
      best = number > logProbs.get(t, n, best) ? c : best;
      sum += Math.exp(number);
      plainSum += number;
      negative |= number < 0;
    }
    double most = logProbs.get(t, n, best);
    if (most == Double.NEGATIVE_INFINITY) {
      return null; // no class is possible: its utterance is infeasible
    }
    String where = "logits: utterance %d, frame %d: ".formatted(n, t);
    if (most > tolerance) {
      boolean probabilities = !negative && isOne(plainSum);
      return where
          + "class %d has log-probability %s, expected at most 0; are these %s"
              .formatted(
                  best,
                  text(most),
                  probabilities
                      ? "probabilities? give their natural logarithms"
                      : "logits? input LOGITS takes them, SCORES takes scores that need not sum to 1");
    }
    return isOne(sum)
        ? null
        : where
            + String.format(Locale.ROOT, "probabilities sum to %.4g, expected 1; ", sum)
            + "give natural logarithms for all classes; input LOGITS takes logits, SCORES takes"
            + " scores that need not sum to 1";
  }

  private static boolean isOne(double sum) {
    return Math.abs(sum - 1) <= SUM_TOLERANCE;
  }

  /** As short as the number's type allows. */
  private String text(double number) {
    return logProbs.elements().type() == ElementType.FLOAT64
        ? Double.toString(number)
        : Float.toString((float) number);
  }
}
