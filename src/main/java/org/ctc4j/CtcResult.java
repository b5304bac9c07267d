package org.ctc4j;

import java.util.Arrays;

/**
 * Where a call writes what it computes: N losses and statuses, the reduced loss and, if there is a
 * place for it, the gradient. {@link Ctc#loss} and {@link Ctc#lossAndGradient} return new ones;
 * make one here, with the gradient in memory of your own, and hand it to {@link Ctc#compute} again
 * and again to allocate nothing.
 *
 * <p>Not thread-safe: one call at a time may write to it.
 */
public final class CtcResult {
  final double[] losses;
  final CtcStatus[] statuses;
  final double[] weights;
  private final double[] terms;
  private final FrameTensor gradient;
  private double loss;

  private CtcResult(int utterances, FrameTensor gradient) {
    this.losses = new double[utterances];
    this.statuses = new CtcStatus[utterances];
    this.weights = new double[utterances];
    this.terms = new double[utterances];
    this.gradient = gradient;
  }

  /** For the losses of N utterances, without a gradient. */
  public static CtcResult ofLosses(int utterances) {
    return new CtcResult(utterances, null);
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
    return new CtcResult(gradient.utterances(), gradient);
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

  /** The reduced loss; that of the sum for {@link Reduction#NONE}; 0 for no utterances. */
  public double loss() {
    return loss;
  }

  /** The gradient of {@link #loss()}, of the shape of the logits, or null if none was asked for. */
  public FrameTensor gradient() {
    return gradient;
  }

  void check(CtcBatch batch) {
    if (utterances() != batch.utterances()) {
      throw new InvalidInputException(
          "result: expected room for %d utterances, got %d"
              .formatted(batch.utterances(), utterances()));
    }
    if (gradient == null) {
      return;
    }
    if (!gradient.hasShapeOf(batch.logits())) {
      throw new InvalidInputException(
          "gradient: expected the shape of the logits, %s, got %s"
              .formatted(batch.logits().shape(), gradient.shape()));
    }
    if (gradient.overlaps(batch.logits())) {
      throw new InvalidInputException("gradient: it overlaps the logits in memory");
    }
  }

  void prepare(CtcBatch batch, Reduction reduction) {
    Arrays.fill(statuses, null);
    for (int n = 0; n < weights.length; n++) {
      weights[n] = batch.weight(n, reduction);
    }
  }

  void finish(boolean zeroInfinity) {
    for (int n = 0; n < losses.length; n++) {
      if (zeroInfinity && statuses[n] == CtcStatus.INFEASIBLE) {
        losses[n] = 0;
      }
      terms[n] = weights[n] == 0 ? 0 : weights[n] * losses[n];
    }
    loss = Reduction.sum(terms);
  }
}
