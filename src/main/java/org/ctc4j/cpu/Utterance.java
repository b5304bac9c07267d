package org.ctc4j.cpu;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.host.Posteriors;

/**
 * One utterance on its way through the stages, and the memory for it, which is kept for the next.
 * The steps, each after all of the one before:
 *
 * <ol>
 *   <li>{@link #begin}
 *   <li>{@link #frames}: any split into ranges, at the same time if need be
 *   <li>{@link #firstHalf} of alpha and of beta, at the same time if need be
 *   <li>{@link #meet}: the loss
 *   <li>{@link #secondHalf} of alpha and of beta, at the same time if need be
 *   <li>{@link #end}
 * </ol>
 *
 * <p>The meeting: α of frame h − 1 includes that frame's probabilities, β leaves them out, so
 * Σ<sub>s</sub> α<sub>h−1</sub>(s) β<sub>h−1</sub>(s) is p(target), and so it is in every frame.
 * Alpha keeps the rows of frames [0, h), beta those of [h, T); then each goes on through the rows
 * that the other kept. Half of the rows is stored, and the chain of dependent steps is T long.
 */
final class Utterance {
  InputKind input;
  boolean softmaxTerm;
  boolean wantsGradient;
  boolean wantsPosteriors;
  int classes;
  int blank;
  final Target target = new Target();
  final Emissions emissions;

  /** Of frames that are certain of a class: the probability of all others; else −1. */
  double[] others = {};

  private final Kernels kernels;
  private final Sweep alpha;
  private final Sweep beta;
  private FrameTensor logits;
  private FrameTensor gradient;
  private Posteriors posteriors;
  private int n;
  private double weight;
  private final Plan plan = new Plan();
  private boolean notFinite;
  private boolean possible;
  private long bits;
  private int exponent; // of p(target), relative to the best labels
  private CtcStatus status;
  private double loss;

  Utterance(Kernels kernels) {
    this.kernels = kernels;
    this.emissions = new Emissions();
    this.alpha = new Sweep(true);
    this.beta = new Sweep(false);
  }

  /**
   * @param gradientOrNull where the gradient goes
   * @param itsPosteriors where posteriors go
   * @param budget bytes that may be used
   */
  void begin(
      CtcBatch batch,
      int utterance,
      CtcOptions options,
      double itsWeight,
      FrameTensor gradientOrNull,
      Posteriors itsPosteriors,
      long budget) {
    n = utterance;
    logits = batch.logits();
    gradient = gradientOrNull;
    posteriors = itsPosteriors;
    weight = itsWeight;
    input = options.input();
    softmaxTerm = options.gradientHasSoftmaxTerm();
    wantsGradient = gradient != null && weight != 0;
    wantsPosteriors = posteriors.wanted();
    classes = logits.classes();
    blank = options.blank();
    int labels = batch.targets().length(n);
    plan.begin(batch.inputLength(n), labels, kernels, wantsRows(), budget);
    target.begin(batch.targets(), n, classes, rowLength());
    emissions.begin(logits, n, target, blank, plan);
    others = Grow.atLeast(others, plan.frames());
    alpha.begin(emissions, target, plan);
    beta.begin(emissions, target, plan);
    notFinite = false;
    possible = target.leastFrames <= plan.frames();
    bits = 0;
    status = null;
  }

  /** Points a thread's rows at this utterance. */
  void begin(LogitRows logitRows, GradientRows gradientRows, PosteriorRows posteriorRows) {
    logitRows.begin(logits, n);
    gradientRows.begin(gradient, n, classes, weight);
    posteriorRows.begin(posteriors, n, rowLength());
  }

  /** Whether products of alpha and beta are asked for. */
  boolean wantsRows() {
    return wantsGradient || wantsPosteriors;
  }

  Plan plan() {
    return plan;
  }

  int frames() {
    return plan.frames();
  }

  int width() {
    return plan.width();
  }

  /** How long an array must be to hold a row of labels. */
  int rowLength() {
    return plan.width() + kernels.lanes();
  }

  /** Stage 1 for frames [from, to). */
  void frames(int from, int to, Scratch scratch) {
    FrameStage.run(this, from, to, scratch);
  }

  synchronized void markNotFinite() {
    notFinite = true;
  }

  /**
   * @param ofRange how far apart the label probabilities are in a range of frames, added up
   * @param allPossible whether each of the frames has a possible label
   */
  synchronized void addFrames(long ofRange, boolean allPossible) {
    bits += ofRange;
    possible &= allPossible;
  }

  /** Stage 2 up to the meeting, for alpha or for beta. */
  void firstHalf(boolean forward, Scratch scratch) {
    if (hasPaths() && !isWide()) {
      (forward ? alpha : beta).firstHalf(scratch);
    }
  }

  /** Loss and status. */
  void meet(Scratch scratch) {
    double log = Double.NEGATIVE_INFINITY;
    if (notFinite) {
      status = CtcStatus.NOT_FINITE;
      loss = Double.NaN;
      return;
    }
    if (frames() == 0 && target.length == 0) {
      log = 0;
    } else if (hasPaths()) {
      double best = logBest();
      log = isWide() ? wideTotal(scratch) : total(scratch);
      boolean sure = !isWide() && SureTotal.isCalledFor(log + best, log, frames());
      log += best;
      if (sure) {
        double exact = SureTotal.log(this, scratch);
        // not finite: log-probabilities that are none, of which a float64 cannot hold the sums
        log = Double.isFinite(exact) ? exact : log;
      }
    }
    status = log == Double.NEGATIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
    loss = 0 - log; // not −log: a loss of 0 shall not be −0
  }

  /** Stage 2 after the meeting, with stage 3, for alpha or for beta. */
  void secondHalf(boolean forward, Scratch scratch) {
    if (!wantsRows() || status != CtcStatus.OK || isWide()) {
      return;
    }
    Sweep mine = forward ? alpha : beta;
    Sweep other = forward ? beta : alpha;
    for (int p = mine.half(); p < frames(); p++) {
      int t = mine.frame(p);
      // beta came to its first row here when the two met
      int here = !forward && p == mine.half() ? mine.current() : mine.next(p, scratch);
      int there = other.row(frames() - 1 - p, scratch);
      scratch.kernels.posterior(
          mine.m,
          mine.e,
          here,
          other.m,
          other.e,
          there,
          width(),
          plan.low(t),
          plan.high(t),
          exponent,
          scratch.gamma);
      if (wantsGradient) {
        emissions.seek(t, scratch.emission, scratch);
        LabelStage.run(this, t, scratch);
      }
      if (wantsPosteriors) {
        scratch.posteriors.blanks(mine, here, other, there, plan, t, exponent);
        scratch.posteriors.store(this, t, scratch.gamma);
      }
    }
  }

  /** Zeros where nothing was to be computed. */
  void end(Scratch scratch) {
    if (gradient != null) {
      int written = wantsGradient && status == CtcStatus.OK ? frames() : 0;
      scratch.gradient.clear(written, gradient.frames(n));
    }
    if (wantsPosteriors) {
      scratch.posteriors.clear(status == CtcStatus.OK ? frames() : 0);
    }
  }

  double loss() {
    return loss;
  }

  CtcStatus status() {
    return status;
  }

  private boolean hasPaths() {
    return !notFinite && possible && frames() > 0;
  }

  private boolean isWide() {
    return bits >= Extended.RANGE;
  }

  private double logBest() {
    double sum = 0;
    for (int t = 0; t < frames(); t++) {
      sum += emissions.logBest[t];
    }
    return sum;
  }

  /** ln Σ α β of frame h − 1, −Infinity if there is no path. */
  private double total(Scratch scratch) {
    int b = beta.next(beta.half(), scratch);
    int a = alpha.current();
    int width = width();
    int low = plan.low(alpha.half() - 1);
    int high = plan.high(alpha.half() - 1);
    exponent = Integer.MIN_VALUE;
    for (int i = low; i < high; i++) {
      exponent = Math.max(exponent, alpha.e[a + i] + beta.e[b + i]);
      exponent = Math.max(exponent, alpha.e[a + width + i] + beta.e[b + width + i]);
    }
    if (Extended.isZero(exponent)) {
      return Double.NEGATIVE_INFINITY;
    }
    double sum = 0;
    for (int i = low; i < high; i++) {
      sum += product(a + i, b + i) + product(a + width + i, b + width + i);
    }
    return exponent * Math.log(2) + Math.log(sum);
  }

  /** Alpha times beta of one state / 2<sup>exponent</sup>. */
  private double product(int a, int b) {
    return (double) alpha.m[a] * beta.m[b] * Extended.power(alpha.e[a] + beta.e[b] - exponent);
  }

  private double wideTotal(Scratch scratch) {
    LogLattice lattice = new LogLattice(this, scratch);
    double total = lattice.total();
    if (wantsRows() && total > Double.NEGATIVE_INFINITY) {
      lattice.posteriors(total);
    }
    return total;
  }
}
