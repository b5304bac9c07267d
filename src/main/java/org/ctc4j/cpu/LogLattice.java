package org.ctc4j.cpu;

import java.util.Arrays;

/**
 * The lattice of an utterance whose numbers are out of {@link Scale}: in the log domain, float64,
 * one state after another. Slow, and it allocates; what comes here are logits of hundreds or more,
 * and targets that the model holds to be all but impossible.
 *
 * <p>Alpha runs over all frames and keeps every √T-th row; beta then comes back, recomputing runs
 * of alpha's rows from those. State s is blank s / 2 if even, label s / 2 if odd; see {@code
 * org.ctc4j.reference.Lattice} for the equations.
 */
final class LogLattice {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final Utterance utterance;
  private final Scratch scratch;
  private final Target target;
  private final int labels;
  private final int states;
  private final int frames;
  private final double[] logs; // of the labels and the blank, in the frame at work
  private final double[][] checkpoints;
  private final double[][] run; // alpha from a checkpoint on
  private final int interval;

  LogLattice(Utterance utterance, Scratch scratch) {
    this.utterance = utterance;
    this.scratch = scratch;
    this.target = utterance.target;
    this.labels = target.length;
    this.states = 2 * labels + 1;
    this.frames = utterance.frames();
    this.logs = new double[utterance.target.columnsLength(scratch.kernels.lanes())];
    this.interval = Math.max(1, (int) Math.ceil(Math.sqrt(frames)));
    this.checkpoints = new double[(frames + interval - 1) / interval][states];
    this.run = new double[interval][states];
  }

  /** ln of the sum of all paths, −Infinity if there is none. */
  double total() {
    double[] row = new double[states];
    double[] next = new double[states];
    Arrays.fill(row, LOG_ZERO);
    row[0] = 0;
    for (int t = 0; t < frames; t++) {
      alpha(t, row, next);
      double[] previous = row;
      row = next;
      next = previous;
      if (t % interval == 0) {
        System.arraycopy(row, 0, checkpoints[t / interval], 0, states);
      }
    }
    return states == 1 ? row[0] : add(row[states - 1], row[states - 2], LOG_ZERO);
  }

  /** Writes gradient and posteriors of all frames; {@link #total} has been called. */
  void posteriors(double total) {
    double[] beta = new double[states];
    double[] before = new double[states];
    Arrays.fill(beta, LOG_ZERO);
    beta[states - 1] = 0;
    beta[Math.max(states - 2, 0)] = 0;
    for (int t = frames - 1; t >= 0; t--) {
      int first = t / interval * interval;
      if (t == frames - 1 || t % interval == interval - 1) {
        System.arraycopy(checkpoints[t / interval], 0, run[0], 0, states);
        for (int i = first + 1; i <= t; i++) {
          alpha(i, run[i - 1 - first], run[i - first]);
        }
      }
      posterior(run[t - first], beta, total);
      int ofStripes = t / utterance.memory.stripes().interval();
      utterance.emissions.seek(ofStripes, scratch.emission, scratch);
      LabelStage.store(utterance, t, 1, scratch);
      beta(t, beta, before);
      double[] swap = beta;
      beta = before;
      before = swap;
    }
  }

  private void alpha(int t, double[] from, double[] to) {
    utterance.emissions.logs(t, logs);
    for (int s = 0; s < states; s++) {
      double reach =
          add(
              from[s],
              s >= 1 ? from[s - 1] : LOG_ZERO,
              s >= 2 && s % 2 == 1 && target.skips(s / 2) ? from[s - 2] : LOG_ZERO);
      to[s] = reach + log(s);
    }
  }

  /** Beta of frame t − 1 from that of t. */
  private void beta(int t, double[] from, double[] to) {
    utterance.emissions.logs(t, logs);
    for (int s = 0; s < states; s++) {
      to[s] =
          add(
              from[s] + log(s),
              s + 1 < states ? from[s + 1] + log(s + 1) : LOG_ZERO,
              s + 2 < states && s % 2 == 1 && target.skips(s / 2 + 1)
                  ? from[s + 2] + log(s + 2)
                  : LOG_ZERO);
    }
  }

  private void posterior(double[] alpha, double[] beta, double total) {
    Stripes stripes = utterance.memory.stripes();
    double[] ofStates = scratch.products.ofStates;
    Arrays.fill(ofStates, 0, 2 * stripes.width(), 0);
    scratch.products.ofBlanks[0] = 0;
    for (int s = 0; s < states; s++) {
      double posterior = Math.exp(alpha[s] + beta[s] - total);
      int place = stripes.place(s / 2);
      if (s % 2 == 1) {
        ofStates[stripes.width() + place] = posterior;
      } else {
        ofStates[place] = posterior;
        scratch.products.ofBlanks[0] += posterior;
      }
    }
  }

  private double log(int s) {
    return logs[s % 2 == 0 ? target.distinct : target.column[s / 2]];
  }

  private static double add(double a, double b, double c) {
    double max = Math.max(a, Math.max(b, c));
    return max == LOG_ZERO
        ? LOG_ZERO
        : max + Math.log(Math.exp(a - max) + Math.exp(b - max) + Math.exp(c - max));
  }
}
