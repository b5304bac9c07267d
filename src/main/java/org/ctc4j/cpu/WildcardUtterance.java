package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.ctc4j.host.LogProbs;
import org.ctc4j.host.WildcardScores;
import org.ctc4j.host.WildcardTarget;

/**
 * Loss, gradient and posteriors of one utterance whose target has {@link org.ctc4j.Wildcards}, all
 * of it in float64. α keeps every √T-th row, and is computed again from there as β comes back: 2 √T
 * rows of states in all, or one where the loss alone is asked for.
 */
final class WildcardUtterance {
  private final CtcOptions options;
  private final LossPlaces places;
  private final int n;
  private final double weight;
  private final int frames;
  private final WildcardTarget target;
  private final WildcardScores scores;
  private final WildcardLattice lattice;
  private final double[] columns; // of a frame
  private final double[] row; // of a frame's classes
  private final double[] ofClasses; // posteriors of a frame
  private final boolean wantsGradient;
  private final int interval;
  private double[][] checkpoints; // α before each interval of frames
  private double[][] run; // α of an interval's frames

  WildcardUtterance(LossCall call, int n) {
    CtcBatch batch = call.batch();
    this.options = call.options();
    this.places = call.places();
    this.n = n;
    this.weight = call.weights()[n];
    this.frames = batch.inputLength(n);
    this.target = WildcardTarget.of(batch, n, options.blank());
    this.scores =
        new WildcardScores(
            new LogProbs(batch.logits(), n, frames, options.input()),
            target,
            batch.targets().wildcards(),
            options.offsets(batch.logits().classes()));
    this.lattice = new WildcardLattice(target);
    this.columns = new double[target.columnCount()];
    this.row = new double[batch.logits().classes()];
    this.ofClasses = new double[row.length];
    this.wantsGradient = places.gradient() != null && weight != 0;
    this.interval = Math.max(1, (int) Math.ceil(Math.sqrt(frames)));
  }

  /**
   * What the rows of states take.
   *
   * @param keep whether a gradient or posteriors are asked for
   */
  static long bytes(long frames, long labels, boolean keep) {
    long interval = (long) Math.ceil(Math.sqrt(frames));
    long rows = 5 + (keep ? 2 * interval : 0);
    return rows * (2 * labels + 1) * Double.BYTES;
  }

  /** Fills all places of the utterance. */
  void compute() {
    boolean wantsRows = wantsGradient || places.wantsPosteriors();
    double total = forward(wantsRows);
    CtcStatus status =
        Double.isNaN(total)
            ? CtcStatus.NOT_FINITE
            : total == Double.NEGATIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
    places.set(n, 0 - total, status); // not −total: a loss of 0 shall not be −0
    boolean hasRows = status == CtcStatus.OK;
    if (hasRows && wantsRows) {
      backward();
    }
    clear(places.gradient(), hasRows && wantsGradient ? frames : 0);
    clear(places.posteriors(), hasRows ? frames : 0);
    clear(places.statePosteriors(), hasRows ? frames : 0);
  }

  /** ln of the sum of all paths; NaN if the input is not finite. */
  private double forward(boolean keep) {
    double[] alpha = new double[target.states()];
    double[] next = new double[target.states()];
    double normaliser = 0;
    checkpoints = new double[keep ? (frames + interval - 1) / interval : 0][];
    lattice.begin(alpha);
    for (int t = 0; t < frames; t++) {
      if (keep && t % interval == 0) {
        checkpoints[t / interval] = alpha.clone();
      }
      if (!scores.read(t, row)) {
        return Double.NaN;
      }
      normaliser += scores.logProbs().normaliser(t);
      scores.columns(t, columns);
      lattice.alpha(alpha, columns, next);
      double[] before = alpha;
      alpha = next;
      next = before;
    }
    return lattice.total(alpha) - normaliser;
  }

  private void backward() {
    double[] beta = new double[target.states()];
    double[] gamma = new double[target.states()];
    run = new double[Math.min(interval, frames)][target.states()];
    lattice.end(beta);
    for (int t = frames - 1; t >= 0; t--) {
      int first = t / interval * interval;
      if (t == frames - 1 || t % interval == interval - 1) {
        runFrom(first, t);
      }
      posteriors(run[t - first], beta, gamma);
      write(t, gamma);
      if (t > 0) {
        scores.columns(t, columns);
        lattice.beta(beta, columns);
      }
    }
  }

  /** α of frames [first, last] again. */
  private void runFrom(int first, int last) {
    for (int t = first; t <= last; t++) {
      scores.columns(t, columns);
      double[] before = t == first ? checkpoints[first / interval] : run[t - first - 1];
      lattice.alpha(before, columns, run[t - first]);
    }
  }

  /** α β by the sum of all states of the frame, which is that of all paths but for rounding. */
  private static void posteriors(double[] alpha, double[] beta, double[] gamma) {
    double max = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < gamma.length; s++) {
      gamma[s] = alpha[s] + beta[s];
      max = Math.max(max, gamma[s]);
    }
    double sum = 0;
    for (int s = 0; s < gamma.length; s++) {
      gamma[s] = Math.exp(gamma[s] - max);
      sum += gamma[s];
    }
    for (int s = 0; s < gamma.length; s++) {
      gamma[s] /= sum;
    }
  }

  private void write(int t, double[] gamma) {
    FrameTensor ofStates = places.statePosteriors();
    for (int s = 0; ofStates != null && s < ofStates.classes(); s++) {
      ofStates.set(t, n, s, s < gamma.length ? gamma[s] : 0);
    }
    Arrays.fill(columns, 0);
    for (int s = 0; s < gamma.length; s++) {
      columns[target.column(s)] += gamma[s];
    }
    scores.read(t, row);
    scores.share(t, columns[target.anyFrames], columns[target.anyLabels], ofClasses);
    for (int column = 0; column < target.classes.length; column++) {
      ofClasses[target.classes[column]] += columns[column];
    }
    for (int c = 0; places.posteriors() != null && c < row.length; c++) {
      places.posteriors().set(t, n, c, ofClasses[c]);
    }
    for (int c = 0; wantsGradient && c < row.length; c++) {
      double p = Math.exp(row[c] - scores.logProbs().normaliser(t));
      places.gradient().set(t, n, c, weight * derivative(p, ofClasses[c]));
    }
  }

  private double derivative(double p, double posterior) {
    if (options.gradientIsPerProbability()) {
      return p == 0 ? 0 : 0 - posterior / p;
    }
    return (options.gradientHasSoftmaxTerm() ? p : 0) - posterior;
  }

  private void clear(FrameTensor placeOrNull, int from) {
    for (int t = from; placeOrNull != null && t < placeOrNull.frames(n); t++) {
      for (int c = 0; c < placeOrNull.classes(); c++) {
        placeOrNull.set(t, n, c, 0);
      }
    }
  }
}
