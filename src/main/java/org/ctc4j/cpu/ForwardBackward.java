package org.ctc4j.cpu;

import org.ctc4j.CtcStatus;
import org.ctc4j.engine.LossCall;

/**
 * The forward-backward algorithm on one utterance, equations (6) to (16) of Graves et al. (ICML
 * 2006), in steps, each after all of the one before:
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
final class ForwardBackward {
  private final Utterance utterance;
  private final LatticeMemory memory;
  private final Sweep alpha;
  private final Sweep beta;
  private boolean inScale; // whether what the sweeps compute is exact, see Scale
  private double exponent; // of p(target), relative to the best labels
  private CtcStatus status;
  private double loss;
  private boolean isExact; // however small the loss is

  ForwardBackward(Kernels kernels) {
    this.utterance = new Utterance(kernels);
    this.memory = utterance.memory;
    this.alpha = new Sweep(true);
    this.beta = new Sweep(false);
  }

  /**
   * @param n which utterance of the batch
   * @param budget bytes that may be used
   */
  void begin(LossCall call, int n, long budget) {
    utterance.begin(call, n, budget);
    beginSweeps();
    status = null;
  }

  private void beginSweeps() {
    alpha.begin(utterance);
    beta.begin(utterance);
    inScale = true;
  }

  /** Points a thread's rows at this utterance. */
  void seek(Scratch scratch) {
    utterance.seek(scratch);
  }

  int totalFrames() {
    return utterance.frames();
  }

  /** All steps after {@link #begin}, by one thread. */
  void compute(Scratch scratch) {
    seek(scratch);
    frames(0, totalFrames(), scratch);
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
    FrameStage.compute(utterance, from, to, scratch);
  }

  /** Stage 2 up to the meeting, for alpha or for beta. */
  void firstHalf(boolean forward, Scratch scratch) {
    if (canSweep()) {
      (forward ? alpha : beta).firstHalf(scratch);
    }
  }

  /** Loss and status, which {@link #end} may yet put right. */
  void meet(Scratch scratch) {
    if (!utterance.isFinite()) {
      status = CtcStatus.NOT_FINITE;
      loss = Double.NaN;
    } else if (totalFrames() == 0 && utterance.target.length == 0) {
      setLogTotal(0, 0);
    } else if (!utterance.hasPaths()) {
      setLogTotal(Double.NEGATIVE_INFINITY, 0);
    } else if (utterance.isRepresentable()) {
      int b = beta.next(beta.half(), scratch);
      int t = Math.min(alpha.half() * memory.stripes().interval(), totalFrames()) - 1;
      double log = logTotal(alpha.current(), b, t, scratch.scaling);
      inScale = !Double.isNaN(log);
      exponent = Math.rint(log / Math.log(2));
      utterance.setPosteriorNorm(Math.exp(exponent * Math.log(2) - log));
      double others = otherPaths(alpha.current(), b, t, scratch.scaling);
      double ofPaths = Double.isNaN(others) ? log : Emissions.log1p(others);
      double ofBest = BestLogProbs.sum(utterance, ofPaths, scratch);
      setLogTotal(ofPaths, ofBest);
      isExact = OtherPaths.isExact(loss, -ofBest, totalFrames()) && !Double.isNaN(others);
    }
  }

  /**
   * ln Σ α β of frame t; NaN if it is out of {@link Scale}, which is also so when there is no path.
   *
   * @param a where alpha's rows of its interval are, and {@code b} beta's
   */
  private double logTotal(int a, int b, int t, PosteriorScaling scaling) {
    Stripes stripes = memory.stripes();
    int alphaE = alpha.exponents(a);
    int betaE = beta.exponents(b);
    double top = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < stripes.count(); s++) {
      top = Math.max(top, alpha.m[alphaE + s] + beta.m[betaE + s]);
    }
    scaling.seek(alpha.m, alphaE, beta.m, betaE, top);
    double sum = sum(alpha.row(a, t), beta.row(b, t), -1, scaling);
    double least = Scale.power(-stripes.resolution().limit());
    return sum >= least ? Math.log(sum) + top * Math.log(2) : Double.NaN;
  }

  /**
   * Σ α β of two rows, times the factors of the scaling.
   *
   * @param without the place in the rows of a state that is left out; −1 for none
   */
  private double sum(int ofAlpha, int ofBeta, int without, PosteriorScaling scaling) {
    int width = memory.stripes().width();
    double sum = 0;
    for (int k = 0; k < width; k++) {
      double ofBlank = k == without ? 0 : alpha.m[ofAlpha + k] * beta.m[ofBeta + k];
      int label = k + width;
      double ofLabel = label == without ? 0 : alpha.m[ofAlpha + label] * beta.m[ofBeta + label];
      sum += (ofBlank + ofLabel) * scaling.factors[memory.stripes().stripe(k)];
    }
    return sum;
  }

  /**
   * The sum over all paths but the best one, beside that, given that the scaling stands at frame t;
   * NaN if the best path is not one of the target, or not much more probable than others.
   */
  private double otherPaths(int a, int b, int t, PosteriorScaling scaling) {
    int state = alpha.others.state();
    if (state != beta.others.state() || !alpha.others.isOnPath()) {
      return Double.NaN;
    }
    Stripes stripes = memory.stripes();
    int ofAlpha = alpha.row(a, t);
    int ofBeta = beta.row(b, t);
    int place = utterance.target.placeOf[state / 2] + (state % 2 == 0 ? 0 : stripes.width());
    double best = alpha.m[ofAlpha + place] * beta.m[ofBeta + place];
    double inOtherStates =
        sum(ofAlpha, ofBeta, place, scaling)
            / (best * scaling.factors[stripes.stripe(place % stripes.width())]);
    double before = alpha.others.sum();
    double after = beta.others.sum();
    return before + after + before * after + inOtherStates * (1 + before) * (1 + after);
  }

  private void setLogTotal(double log, double logBest) {
    double total = log + logBest;
    isExact = false;
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
    boolean wantsRows = utterance.wantsRows();
    Sweep mine = forward ? alpha : beta;
    Sweep other = forward ? beta : alpha;
    for (int p = mine.half(); p < memory.intervals(); p++) {
      int interval = mine.interval(p);
      // beta came to its first rows here when the two met
      int here = !forward && p == mine.half() ? mine.current() : mine.next(p, scratch);
      int q = other.interval(interval);
      int there = wantsRows ? other.rows(q, scratch) : -1;
      int hereE = mine.exponents(here);
      int thereE = wantsRows ? other.exponents(there) : other.keptExponents(q);
      int alphaE = forward ? hereE : thereE;
      int betaE = forward ? thereE : hereE;
      if (!scratch.scaling.seek(alpha.m, alphaE, beta.m, betaE, exponent)) {
        markOutOfScale();
        return;
      }
      if (wantsRows) {
        int from = interval * memory.stripes().interval();
        mine.seekRow(here, from, scratch.rows);
        other.seekRow(there, from, scratch.otherRows);
        store(interval, scratch);
      }
    }
  }

  private synchronized void markOutOfScale() {
    inScale = false;
  }

  /** Stage 3 of an interval, whose rows of alpha and beta the scratch stands at. */
  private void store(int interval, Scratch scratch) {
    int from = interval * memory.stripes().interval();
    ProductRows products = scratch.products;
    products.count = Math.min(memory.stripes().interval(), totalFrames() - from);
    products.ofEachBlank = utterance.wantsPosteriors;
    scratch.kernels.products(scratch.rows, scratch.otherRows, scratch.scaling, products);
    if (utterance.wantsGradient) {
      utterance.emissions.seek(interval, scratch.emission, scratch);
    }
    LabelStage.store(utterance, from, products.count, scratch);
  }

  /**
   * Zeros where nothing was to be computed, and all once more where the sweeps were out of scale,
   * or the loss is so small that they cannot be exact.
   */
  void end(Scratch scratch) {
    boolean hasPaths = utterance.hasPaths();
    if (hasPaths && utterance.isRepresentable() && !inScale) {
      sweepAgain(scratch);
    }
    if (hasPaths && !isSwept()) {
      computeLogs(scratch);
    }
    if (status == CtcStatus.OK && hasPaths && !isExact && loss < Complement.limit(utterance)) {
      Complement complement = new Complement(utterance, scratch);
      loss = complement.loss(loss);
      if (utterance.wantsGradient && utterance.softmaxTerm) {
        complement.gradient();
      }
    }
    utterance.clear(status == CtcStatus.OK ? totalFrames() : 0, scratch);
    utterance.setResult(loss, status);
  }

  private void sweepAgain(Scratch scratch) {
    utterance.divide(Resolution.FINE);
    beginSweeps();
    seek(scratch);
    sweep(scratch);
  }

  private void computeLogs(Scratch scratch) {
    LogLattice lattice = new LogLattice(utterance, scratch);
    double log = lattice.total();
    setLogTotal(log, BestLogProbs.sum(utterance, log, scratch));
    if (utterance.wantsRows() && status == CtcStatus.OK) {
      utterance.setPosteriorNorm(1);
      lattice.posteriors(log);
    }
  }

  /** Lets go of what is the caller's; {@link #begin} comes next. */
  void release() {
    utterance.release();
  }

  private boolean canSweep() {
    return utterance.hasPaths() && isSwept();
  }

  /** Whether the sweeps were good enough, in the resolution that the memory has. */
  private boolean isSwept() {
    return utterance.isRepresentable() && inScale;
  }

  /** Whether the last utterance's loss had all digits before {@link Complement} was asked. */
  boolean isExact() {
    return isExact;
  }

  /** Which way the last utterance went: a {@link Resolution}, or null for logarithms. */
  Resolution resolution() {
    return isSwept() ? memory.stripes().resolution() : null;
  }
}
