package org.ctc4j.cpu;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
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

  private final Kernels kernels;
  private final Sweep alpha;
  private final Sweep beta;
  private FrameTensor logits;
  private FrameTensor gradient;
  private Posteriors posteriors;
  private int n;
  private double weight;
  private long budget;
  private final Plan plan = new Plan();
  private boolean notFinite;
  private boolean possible;
  private boolean representable; // whether float64 can hold the label probabilities
  private boolean exact; // whether Scale vouches for what the sweeps compute
  private double exponent; // of p(target), relative to the best labels

  /** What products of alpha and beta must be multiplied by to be posteriors. */
  double gammaNorm;

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
   * @param itsBudget bytes that may be used
   */
  void begin(
      CtcBatch batch,
      int utterance,
      CtcOptions options,
      double itsWeight,
      FrameTensor gradientOrNull,
      Posteriors itsPosteriors,
      long itsBudget) {
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
    budget = itsBudget;
    target.begin(batch.targets(), n, classes, blank);
    replan(batch.inputLength(n), Resolution.COARSE);
    emissions.begin(logits, n, target, plan);
    notFinite = false;
    possible = target.leastFrames <= plan.frames();
    representable = true;
    status = null;
  }

  private void replan(int frames, Resolution resolution) {
    plan.begin(frames, target.length, classes, kernels.lanes(), wantsRows(), resolution, budget);
    target.place(plan.stripes());
    alpha.begin(emissions, target, plan);
    beta.begin(emissions, target, plan);
    exact = true;
  }

  /** Points a thread's rows at this utterance. */
  void begin(LogitRows logitRows, GradientRows gradientRows, PosteriorRows posteriorRows) {
    logitRows.begin(logits, n);
    gradientRows.begin(gradient, n, classes, weight);
    posteriorRows.begin(posteriors, n, plan.stripes());
  }

  Plan plan() {
    return plan;
  }

  int frames() {
    return plan.frames();
  }

  /** All steps after {@link #begin}, by one thread. */
  void run(Scratch scratch) {
    frames(0, frames(), scratch);
    sweep(scratch);
    end(scratch);
  }

  private void sweep(Scratch scratch) {
    firstHalf(true, scratch);
    firstHalf(false, scratch);
    meet(scratch);
    secondHalf(true, scratch);
    secondHalf(false, scratch);
  }

  /** Stage 1 for frames [from, to). */
  void frames(int from, int to, Scratch scratch) {
    FrameStage.run(this, from, to, scratch);
  }

  synchronized void markNotFinite() {
    notFinite = true;
  }

  /**
   * @param allPossible whether each of a range of frames has a possible label
   * @param allRepresentable whether float64 can hold their label probabilities
   */
  synchronized void addFrames(boolean allPossible, boolean allRepresentable) {
    possible &= allPossible;
    representable &= allRepresentable;
  }

  private synchronized void markNotExact() {
    exact = false;
  }

  /** Stage 2 up to the meeting, for alpha or for beta. */
  void firstHalf(boolean forward, Scratch scratch) {
    if (canSweep()) {
      (forward ? alpha : beta).firstHalf(scratch);
    }
  }

  /** Loss and status, which {@link #end} may yet put right. */
  void meet(Scratch scratch) {
    if (notFinite) {
      status = CtcStatus.NOT_FINITE;
      loss = Double.NaN;
    } else if (frames() == 0 && target.length == 0) {
      setLogTotal(0, 0);
    } else if (!hasPaths()) {
      setLogTotal(Double.NEGATIVE_INFINITY, 0);
    } else if (representable) {
      int b = beta.next(beta.half(), scratch);
      int t = Math.min(alpha.half() * plan.stripes().interval(), frames()) - 1;
      double log = scratch.products.logTotal(alpha, alpha.current(), beta, b, t, plan.stripes());
      exact = !Double.isNaN(log);
      exponent = Math.rint(log / Math.log(2));
      gammaNorm = Math.exp(exponent * Math.log(2) - log);
      setLogTotal(log, LogBest.sum(this, log, scratch));
    }
  }

  private void setLogTotal(double log, double logBest) {
    double total = log + logBest;
    status = total == Double.NEGATIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
    loss = 0 - total; // not −log: a loss of 0 shall not be −0
  }

  /**
   * Stage 2 after the meeting, with stage 3, for alpha or for beta. Where the loss alone is asked
   * for, it is what shows that the loss is exact.
   */
  void secondHalf(boolean forward, Scratch scratch) {
    if (!canSweep()) {
      return;
    }
    Sweep mine = forward ? alpha : beta;
    Sweep other = forward ? beta : alpha;
    for (int p = mine.half(); p < plan.intervals(); p++) {
      int interval = mine.interval(p);
      // beta came to its first rows here when the two met
      int here = !forward && p == mine.half() ? mine.current() : mine.next(p, scratch);
      int q = other.interval(interval);
      int there = wantsRows() ? other.rows(q, scratch) : -1;
      int hereE = mine.exponents(here);
      int thereE = wantsRows() ? other.exponents(there) : other.keptExponents(q);
      int alphaE = forward ? hereE : thereE;
      int betaE = forward ? thereE : hereE;
      if (!scratch.products.seek(alpha, alphaE, beta, betaE, plan.stripes(), exponent)) {
        markNotExact();
        return;
      }
      if (wantsRows()) {
        store(interval, mine, here, other, there, scratch);
      }
    }
  }

  /** Stage 3 of an interval. */
  private void store(int interval, Sweep mine, int here, Sweep other, int there, Scratch scratch) {
    int from = interval * plan.stripes().interval();
    int count = Math.min(plan.stripes().interval(), frames() - from);
    scratch.kernels.gamma(
        mine.m,
        mine.row(here, from),
        mine.rowStep(),
        other.m,
        other.row(there, from),
        other.rowStep(),
        count,
        plan.stripes(),
        scratch.products.factors,
        wantsPosteriors,
        scratch.gamma,
        scratch.blankGamma);
    if (wantsGradient) {
      emissions.seek(interval, scratch.emission, scratch);
    }
    store(from, count, scratch);
  }

  /** Stage 3 of some frames, whose posteriors are the first of those in the scratch. */
  void store(int from, int count, Scratch scratch) {
    if (wantsGradient) {
      LabelStage.run(this, from, count, scratch);
    }
    if (wantsPosteriors) {
      for (int i = 0; i < count; i++) {
        scratch.posteriors.store(this, from + i, scratch.gamma, i * plan.stripes().rowLength());
      }
    }
  }

  /**
   * Zeros where nothing was to be computed, and all once more where the sweeps were not exact, or
   * the loss is so small that they cannot be.
   */
  void end(Scratch scratch) {
    if (hasPaths() && representable && !exact) {
      sweepAgain(scratch);
    }
    if (hasPaths() && !isSwept()) {
      LogLattice lattice = new LogLattice(this, scratch);
      double log = lattice.total();
      setLogTotal(log, LogBest.sum(this, log, scratch));
      if (wantsRows() && status == CtcStatus.OK) {
        gammaNorm = 1;
        lattice.posteriors(log);
      }
    }
    ElementType type = logits.elements().type();
    if (status == CtcStatus.OK && hasPaths() && Complement.isNeeded(loss, frames(), input, type)) {
      Complement complement = new Complement(this, scratch);
      loss = complement.loss(loss);
      if (wantsGradient && softmaxTerm) {
        complement.gradient();
      }
    }
    if (gradient != null) {
      int written = wantsGradient && status == CtcStatus.OK ? frames() : 0;
      scratch.gradient.clear(written, gradient.frames(n));
    }
    if (wantsPosteriors) {
      scratch.posteriors.clear(status == CtcStatus.OK ? frames() : 0);
    }
  }

  private void sweepAgain(Scratch scratch) {
    replan(plan.frames(), Resolution.FINE);
    emissions.replan(plan);
    scratch.begin(this);
    sweep(scratch);
  }

  /** Lets go of what is the caller's; {@link #begin} comes next. */
  void release() {
    logits = null;
    gradient = null;
    posteriors = null;
    emissions.release();
  }

  double loss() {
    return loss;
  }

  CtcStatus status() {
    return status;
  }

  /** Whether products of alpha and beta are asked for. */
  private boolean wantsRows() {
    return wantsGradient || wantsPosteriors;
  }

  private boolean canSweep() {
    return hasPaths() && isSwept();
  }

  /** Whether the sweeps were good enough, in the resolution that the plan has. */
  boolean isSwept() {
    return representable && exact;
  }

  private boolean hasPaths() {
    return !notFinite && possible && frames() > 0;
  }
}
