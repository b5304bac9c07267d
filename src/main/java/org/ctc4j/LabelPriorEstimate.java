package org.ctc4j;

import java.util.Arrays;
import org.ctc4j.host.LogProbs;

/**
 * A running mean of a model's probabilities over the frames that it sees, to be the {@link
 * LabelPriors} of what follows. Huang et al. (ICASSP 2024) take the mean over an epoch for the
 * priors of the next:
 *
 * <pre>{@code
 * LabelPriorEstimate estimate = new LabelPriorEstimate(C);
 * CtcOptions options = CtcOptions.DEFAULT; // the first epoch has no priors
 * for (…each epoch…) {
 *   for (…each batch…) {
 *     ctc.compute(batch, options, result);
 *     estimate.add(batch, options);
 *   }
 *   options = options.withLabelPriors(LabelPriors.of(estimate.logPriors(-12), 0.3));
 *   estimate.decay(0);
 * }
 * }</pre>
 *
 * <p>With {@code estimate.decay(0.99)} after each batch it is an exponential mean instead, and
 * {@code logPriors} may be taken at any time.
 *
 * <p>Thread-safe: each method is done as a whole. A sum of float64 depends on its order in the last
 * bits, so batches that are added by several threads at once give the same up to rounding.
 */
public final class LabelPriorEstimate {
  private final double[] sums; // Σ p(t, c)
  private double frames;

  /** Of C classes, before any frame. */
  public LabelPriorEstimate(int classes) {
    BeamOptions.requireOneOrMore("classes", classes);
    sums = new double[classes];
  }

  /**
   * As it was when {@link #toArray} was called.
   *
   * @param state C + 1 numbers
   */
  public static LabelPriorEstimate fromArray(double[] state) {
    for (int i = 0; i < state.length; i++) {
      if (!(state[i] >= 0 && state[i] < Double.POSITIVE_INFINITY)) {
        throw new InvalidInputException(
            "estimate: number %d is %s, expected a finite one, 0 or more".formatted(i, state[i]));
      }
    }
    LabelPriorEstimate estimate = new LabelPriorEstimate(state.length - 1);
    System.arraycopy(state, 0, estimate.sums, 0, estimate.sums.length);
    estimate.frames = state[state.length - 1];
    return estimate;
  }

  /** The state, to be kept with the model's: C sums of probabilities, and of how many frames. */
  public synchronized double[] toArray() {
    double[] state = Arrays.copyOf(sums, sums.length + 1);
    state[sums.length] = frames;
    return state;
  }

  /**
   * Takes in the used frames of a batch in host memory. Utterances with NaN or +Infinity in a used
   * frame, or with a frame of nothing but −Infinity, have no probabilities and are left out.
   *
   * @param options say whether the batch holds logits, log-probabilities or probabilities; scores
   *     are refused. Offsets are not looked at: priors are the model's own probabilities
   */
  public void add(CtcBatch batch, CtcOptions options) {
    if (batch.logits().classes() != sums.length) {
      throw new InvalidInputException(
          "logits: expected %d classes, got %d".formatted(sums.length, batch.logits().classes()));
    }
    if (options.input() == InputKind.SCORES) {
      throw new InvalidInputException(
          "input: expected LOGITS, LOG_PROBS or PROBABILITIES, got SCORES, which have no mean");
    }
    double[] ofBatch = new double[sums.length];
    long count = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      double[] ofUtterance = new double[sums.length];
      if (add(batch, n, options.input(), ofUtterance)) {
        count += batch.inputLength(n);
        for (int c = 0; c < ofBatch.length; c++) {
          ofBatch[c] += ofUtterance[c];
        }
      }
    }
    synchronized (this) {
      frames += count;
      for (int c = 0; c < sums.length; c++) {
        sums[c] += ofBatch[c];
      }
    }
  }

  /** Returns false if utterance n has no probabilities. */
  private static boolean add(CtcBatch batch, int n, InputKind input, double[] sums) {
    LogProbs logProbs = new LogProbs(batch.logits(), n, batch.inputLength(n), input);
    double[] row = new double[sums.length];
    for (int t = 0; t < logProbs.frames(); t++) {
      if (!logProbs.read(t, row)) {
        return false;
      }
      double whole = 0;
      for (int c = 0; c < row.length; c++) {
        double p = Math.exp(row[c]);
        sums[c] += p;
        whole += p;
      }
      if (!(whole > 0 && whole < Double.POSITIVE_INFINITY)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Multiplies what was seen so far by a factor: 0 forgets it, as at the end of an epoch.
   *
   * @param factor in [0, 1]
   */
  public synchronized void decay(double factor) {
    if (!(factor >= 0 && factor <= 1)) {
      throw new InvalidInputException("decay: expected a factor in [0, 1], got " + factor);
    }
    frames *= factor;
    for (int c = 0; c < sums.length; c++) {
      sums[c] *= factor;
    }
  }

  /** How many frames were seen, decayed as their probabilities are. */
  public synchronized double frames() {
    return frames;
  }

  /**
   * ln of the mean probability of each class, (C), for {@link LabelPriors#of}.
   *
   * @param least what is given in place of less: of classes that were hardly ever seen the mean may
   *     be 0, or a number of no meaning. Finite, below 0; −12 is usual
   * @throws IllegalStateException before any frame was seen
   */
  public synchronized double[] logPriors(double least) {
    if (!(least < 0 && least > Double.NEGATIVE_INFINITY)) {
      throw new InvalidInputException("least: expected a finite number below 0, got " + least);
    }
    if (!(frames > 0)) {
      throw new IllegalStateException("no frame was added since the start, or since decay(0)");
    }
    double[] logs = new double[sums.length];
    for (int c = 0; c < logs.length; c++) {
      logs[c] = Math.min(0, Math.max(least, Math.log(sums[c] / frames)));
    }
    return logs;
  }

  /** "estimate of 29 classes from 1200.0 frames". */
  @Override
  public synchronized String toString() {
    return "estimate of %d classes from %s frames".formatted(sums.length, frames);
  }
}
