package org.ctc4j;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;

/**
 * Where a call writes what it computes: N losses and statuses, the reduced loss and, as far as
 * there are places for them, the gradient and the posteriors. {@link Ctc#loss}, {@link
 * Ctc#lossAndGradient} and {@link Ctc#posteriors} return new ones; make one here, with memory of
 * your own, and hand it to {@link Ctc#compute} again and again to allocate nothing.
 *
 * <p><b>Posteriors</b> say how likely, given the target, the paths are to be somewhere at a frame:
 * at a class, or in a state. They are α β / p(target) of equation (14) of Graves et al. (ICML
 * 2006), whatever weights, reduction and input kind are; a gradient with respect to logits is
 * weight · (softmax − posterior of the class). The states of an utterance with L labels are its
 * target with a blank before, between and after the labels: state 2i is the blank before label i,
 * state 2i + 1 is label i, state 2L the last blank. Each used frame sums to 1. Unused frames are
 * exactly 0, and so is an utterance whose status is not {@link CtcStatus#OK}.
 *
 * <p>Not thread-safe: one call at a time may write to it.
 */
public final class CtcResult {
  final double[] losses;
  final CtcStatus[] statuses;
  final double[] weights;
  private final double[] terms;
  private final FrameTensor gradient;
  private final FrameTensor posteriors;
  private final FrameTensor statePosteriors;
  private double loss;

  /** Of losses, statuses, weights and terms. */
  private static final int UTTERANCE_BYTES = 4 * Double.BYTES;

  private CtcResult(
      int utterances, FrameTensor gradient, FrameTensor posteriors, FrameTensor statePosteriors) {
    HeapRoom.require("utterances", utterances, UTTERANCE_BYTES);
    this.losses = new double[utterances];
    this.statuses = new CtcStatus[utterances];
    this.weights = new double[utterances];
    this.terms = new double[utterances];
    this.gradient = gradient;
    this.posteriors = posteriors;
    this.statePosteriors = statePosteriors;
  }

  /** For the losses of N utterances, without a gradient. */
  public static CtcResult ofLosses(int utterances) {
    return new CtcResult(utterances, null, null, null);
  }

  /**
   * For losses and gradient. Every element of {@code gradient} is written, those of unused frames
   * with 0.
   *
   * @param gradient of the shape of the logits, (T, N, C), in any layout and element type; it must
   *     not overlap the logits
   */
  public static CtcResult ofGradient(FrameTensor gradient) {
    gradient.requireWritable("gradient");
    return new CtcResult(gradient.utterances(), gradient, null, null);
  }

  /**
   * A new result with the places of this one, and one for the posterior of each class: the sum over
   * the states that hold it. Every element is written.
   *
   * @param place of the shape of the logits, (T, N, C), in any layout and element type; it must not
   *     overlap the logits or another place of this result
   */
  public CtcResult withPosteriors(FrameTensor place) {
    requirePlace("posteriors", place);
    return new CtcResult(losses.length, gradient, place, statePosteriors);
  }

  /**
   * A new result with the places of this one, and one for the posterior of each state. Every
   * element is written; states that an utterance with a shorter target does not have are 0.
   *
   * @param place of shape (T, N, 2 Lmax + 1), T and N those of the logits and Lmax the length of
   *     the longest target, in any layout and element type; it must not overlap the logits or
   *     another place of this result
   */
  public CtcResult withStatePosteriors(FrameTensor place) {
    requirePlace("state posteriors", place);
    return new CtcResult(losses.length, gradient, posteriors, place);
  }

  private void requirePlace(String name, FrameTensor place) {
    place.requireWritable(name);
    if (place.utterances() != losses.length) {
      throw new InvalidInputException(
          "%s: expected room for %d utterances, got %d"
              .formatted(name, losses.length, place.utterances()));
    }
  }

  /** N. */
  public int utterances() {
    return losses.length;
  }

  /** −ln p(target | input) of utterance n, in nats. */
  public double loss(int n) {
    return losses[n];
  }

  /** A copy of all N losses, in nats. */
  public double[] losses() {
    return losses.clone();
  }

  /** What became of utterance n. */
  public CtcStatus status(int n) {
    return statuses[n];
  }

  /** How many utterances have a status: none before there is a result. */
  public int count(CtcStatus status) {
    return (int) Arrays.stream(statuses).filter(each -> each == status).count();
  }

  /** The reduced loss; that of the sum for {@link Reduction#NONE}; 0 for no utterances. */
  public double loss() {
    return loss;
  }

  /** The gradient of {@link #loss()}, of the shape of the logits, or null if none was asked for. */
  public FrameTensor gradient() {
    return gradient;
  }

  /** The posterior of each class, shape (T, N, C), or null if there is no place for them. */
  public FrameTensor posteriors() {
    return posteriors;
  }

  /** The posterior of each state, shape (T, N, 2 Lmax + 1), or null if there is no place. */
  public FrameTensor statePosteriors() {
    return statePosteriors;
  }

  /** "4 utterances: 3 OK, 1 INFEASIBLE, 0 NOT_FINITE; loss 12.5". */
  @Override
  public String toString() {
    return "%d utterances: %s; loss %s"
        .formatted(
            losses.length,
            Arrays.stream(CtcStatus.values())
                .map(status -> count(status) + " " + status)
                .collect(Collectors.joining(", ")),
            loss);
  }

  void check(CtcBatch batch) {
    if (utterances() != batch.utterances()) {
      throw new InvalidInputException(
          "result: expected room for %d utterances, got %d"
              .formatted(batch.utterances(), utterances()));
    }
    FrameTensor logits = batch.logits();
    check("gradient", gradient, logits, logits.classes(), "the shape of the logits");
    check("posteriors", posteriors, logits, logits.classes(), "the shape of the logits");
    if (statePosteriors != null) {
      int states = batch.targets().states();
      String what = "the 2 Lmax + 1 states of the frames";
      check("state posteriors", statePosteriors, logits, states, what);
    }
    requireApart("posteriors", posteriors, "gradient", gradient);
    requireApart("state posteriors", statePosteriors, "gradient", gradient);
    requireApart("state posteriors", statePosteriors, "posteriors", posteriors);
  }

  private static void check(
      String name, FrameTensor place, FrameTensor logits, int width, String what) {
    requireShape(name, place, logits, width, what);
    requireApart(name, place, "logits", logits);
  }

  /**
   * Refuses a place, null for none, that has not the frames of a tensor, so wide.
   *
   * @param what that is
   */
  static void requireShape(
      String name, FrameTensor place, FrameTensor tensor, int width, String what) {
    if (place != null && !(place.hasFramesOf(tensor) && place.classes() == width)) {
      throw new InvalidInputException(
          "%s: expected %s, %s, got %s".formatted(name, what, tensor.shape(width), place.shape()));
    }
  }

  static void requireApart(String name, FrameTensor place, String otherName, FrameTensor other) {
    if (place != null && other != null && place.overlaps(other)) {
      throw new InvalidInputException(
          "%s: it overlaps the %s in memory".formatted(name, otherName));
    }
  }

  /**
   * What a backend is asked to compute of a batch, into this result.
   *
   * @param fitting {@link CtcBatch#fitting} of the batch
   */
  LossCall call(CtcBatch batch, CtcBatch fitting, CtcOptions options) {
    double[] weights = prepare(batch, fitting, options.reduction());
    LossPlaces places = new LossPlaces(losses, statuses, gradient, posteriors, statePosteriors);
    return new LossCall(fitting, options, weights, places);
  }

  /** Empties the statuses; returns the weights of the utterances in the gradient. */
  double[] prepare(CtcBatch batch, CtcBatch fitting, Reduction reduction) {
    Arrays.fill(statuses, null);
    for (int n = 0; n < weights.length; n++) {
      // what does not fit has no gradient
      weights[n] = batch.isUnfit(n, fitting) ? 0 : batch.weight(n, reduction);
    }
    return weights;
  }

  /**
   * @param fitting what was computed in place of the batch
   */
  void finish(CtcBatch batch, CtcBatch fitting, CtcOptions options) {
    for (int n = 0; n < losses.length; n++) {
      if (batch.isUnfit(n, fitting) && statuses[n] != CtcStatus.NOT_FINITE) {
        losses[n] = Double.POSITIVE_INFINITY;
        statuses[n] = CtcStatus.INFEASIBLE;
        clear(posteriors, n);
        clear(statePosteriors, n);
      }
      if (options.zeroInfinity() && statuses[n] == CtcStatus.INFEASIBLE) {
        losses[n] = 0;
      }
      double weight = batch.weight(n, options.reduction());
      terms[n] = weight == 0 ? 0 : weight * losses[n];
    }
    loss = Reduction.sum(terms);
  }

  private static void clear(FrameTensor placeOrNull, int n) {
    for (int t = 0; placeOrNull != null && t < placeOrNull.frames(n); t++) {
      for (int c = 0; c < placeOrNull.classes(); c++) {
        placeOrNull.set(t, n, c, 0);
      }
    }
  }
}
