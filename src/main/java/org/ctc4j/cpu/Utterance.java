package org.ctc4j.cpu;

import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;

/**
 * What the stages know of one utterance, and the memory for it, which is kept for the next. What
 * threads find out at the same time is added under the monitor.
 */
final class Utterance {
  InputKind input;
  boolean softmaxTerm;
  boolean perProbability;
  boolean wantsGradient;
  boolean wantsPosteriors;
  int classes;
  int blank;
  final Target target = new Target();
  final Emissions emissions = new Emissions();
  final LatticeMemory memory = new LatticeMemory();

  /** What products of alpha and beta must be multiplied by to be posteriors. */
  double posteriorNorm;

  /** What their sum is in each frame, where posteriors have 1. */
  double posteriorSum;

  private final Kernels kernels;
  private FrameTensor logits;
  private LossPlaces places;
  private int n;
  private double weight;
  private long budget;
  private boolean notFinite;
  private boolean possible;
  private boolean representable;

  Utterance(Kernels kernels) {
    this.kernels = kernels;
  }

  /**
   * @param n which of the batch
   * @param budget bytes that may be used
   */
  void begin(LossCall call, int n, long budget) {
    this.n = n;
    this.budget = budget;
    logits = call.batch().logits();
    places = call.places();
    weight = call.weights()[n];
    input = call.options().input();
    softmaxTerm = call.options().gradientHasSoftmaxTerm();
    perProbability = call.options().gradientIsPerProbability();
    wantsGradient = places.gradient() != null && weight != 0;
    wantsPosteriors = places.wantsPosteriors();
    classes = logits.classes();
    blank = call.options().blank();
    target.begin(call.batch().targets(), n, classes, blank);
    divide(call.batch().inputLength(n), Resolution.COARSE);
    emissions.begin(logits, n, input, target, memory);
    emissions.setOffsets(call.options().offsets(classes));
    notFinite = false;
    possible = target.leastFrames <= memory.frames();
    representable = true;
  }

  /** Divides the same frames once more; what stage 1 found out stays. */
  void divide(Resolution resolution) {
    divide(frames(), resolution);
    emissions.resize(memory);
  }

  private void divide(int frames, Resolution resolution) {
    memory.begin(frames, target.length, classes, wantsRows(), budget);
    memory.divide(kernels.lanes(), resolution);
    target.place(memory.stripes());
  }

  /** Points a thread's rows at this utterance. */
  void seek(Scratch scratch) {
    scratch.begin(memory.stripes(), target, classes);
    scratch.logits.begin(logits, n);
    scratch.gradient.begin(places.gradient(), n, classes, weight);
    scratch.posteriors.begin(places, n, memory.stripes(), target, blank);
  }

  /** Lets go of what is the caller's; {@link #begin} comes next. */
  void release() {
    logits = null;
    places = null;
    emissions.release();
  }

  /** Sets what products of alpha and beta must be multiplied by to be posteriors. */
  void setPosteriorNorm(double norm) {
    posteriorNorm = norm;
    posteriorSum = 1 / norm;
  }

  /** Writes zeros to gradient and posteriors of all frames from one on. */
  void clear(int from, Scratch scratch) {
    if (places.gradient() != null) {
      scratch.gradient.clear(wantsGradient ? from : 0, places.gradient().frames(n));
    }
    if (wantsPosteriors) {
      scratch.posteriors.clear(from);
    }
  }

  /** Puts the loss where the call wants it, in nats. */
  void setResult(double loss, CtcStatus status) {
    places.set(n, loss, status);
  }

  /** Of an input number that is none of logits. */
  double probability(double x) {
    return input == InputKind.PROBABILITIES ? Math.max(x, 0) : Math.exp(x);
  }

  /** Of the logits. */
  ElementType type() {
    return logits.elements().type();
  }

  int frames() {
    return memory.frames();
  }

  /** Whether products of alpha and beta are asked for. */
  boolean wantsRows() {
    return wantsGradient || wantsPosteriors;
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

  /** Whether no used frame has NaN or +Infinity. */
  boolean isFinite() {
    return !notFinite;
  }

  /** Whether float64 can hold the label probabilities. */
  boolean isRepresentable() {
    return representable;
  }

  /** Whether there may be a path that collapses to the target. */
  boolean hasPaths() {
    return !notFinite && possible && frames() > 0;
  }
}
