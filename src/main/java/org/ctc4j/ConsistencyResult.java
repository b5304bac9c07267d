package org.ctc4j;

import org.ctc4j.engine.ConsistencyCall;

/**
 * Where a call on a {@link ConsistencyBatch} writes what it computes: N losses and statuses, the
 * reduced loss and, if there are places for them, the gradients of both views. Make one with memory
 * of your own and hand it to {@link Ctc#compute(ConsistencyBatch, ConsistencyGradient,
 * ConsistencyResult)} again and again.
 *
 * <p>Statuses: {@link CtcStatus#NOT_FINITE} where a used frame of either view has NaN or +Infinity,
 * with loss NaN; {@link CtcStatus#INFEASIBLE} where the divergence is infinite, with loss
 * +Infinity: a class has probability 0 in one view of a frame (more than 2<sup>26</sup> nats under
 * the log-sum-exp, as everywhere) and not in the other, or all have. Both have gradients of 0. A
 * class that both views exclude adds nothing.
 *
 * <p>Not thread-safe: one call at a time may write to it.
 */
public final class ConsistencyResult {
  private final CtcResult losses;
  private final FrameTensor firstGradient;
  private final FrameTensor secondGradient;

  private ConsistencyResult(int utterances, FrameTensor firstGradient, FrameTensor secondGradient) {
    this.losses = CtcResult.ofLosses(utterances);
    this.firstGradient = firstGradient;
    this.secondGradient = secondGradient;
  }

  /** For the losses of N utterances, without gradients. */
  public static ConsistencyResult ofLosses(int utterances) {
    return new ConsistencyResult(utterances, null, null);
  }

  /**
   * For losses and the gradients of both views, each of the shape of the logits in any layout and
   * element type. Every element is written; unused frames get 0. One that is null is not computed.
   */
  public static ConsistencyResult ofGradients(
      int utterances, FrameTensor firstGradient, FrameTensor secondGradient) {
    if (firstGradient != null) {
      firstGradient.requireWritable("first gradient");
    }
    if (secondGradient != null) {
      secondGradient.requireWritable("second gradient");
    }
    return new ConsistencyResult(utterances, firstGradient, secondGradient);
  }

  /** N. */
  public int utterances() {
    return losses.utterances();
  }

  /** Of utterance n, in nats, summed over its frames. */
  public double loss(int n) {
    return losses.loss(n);
  }

  /** A copy of all N losses, in nats. */
  public double[] losses() {
    return losses.losses();
  }

  /** What became of utterance n. */
  public CtcStatus status(int n) {
    return losses.status(n);
  }

  /** Σ<sub>n</sub> w<sub>n</sub> · loss<sub>n</sub>; 0 for no utterances. */
  public double loss() {
    return losses.loss();
  }

  /** The gradient of {@link #loss()} with respect to the first view's logits, or null. */
  public FrameTensor firstGradient() {
    return firstGradient;
  }

  /** That with respect to the second view's logits, or null. */
  public FrameTensor secondGradient() {
    return secondGradient;
  }

  /** "4 utterances; loss 12.5". */
  @Override
  public String toString() {
    return "%d utterances; loss %s".formatted(utterances(), loss());
  }

  void check(ConsistencyBatch batch) {
    losses.check(batch.frames());
    check("first gradient", firstGradient, batch);
    check("second gradient", secondGradient, batch);
    CtcResult.requireApart("second gradient", secondGradient, "first gradient", firstGradient);
  }

  private static void check(String name, FrameTensor place, ConsistencyBatch batch) {
    FrameTensor logits = batch.first();
    CtcResult.requireShape(name, place, logits, logits.classes(), "the shape of the logits");
    CtcResult.requireApart(name, place, "first", logits);
    CtcResult.requireApart(name, place, "second", batch.second());
  }

  /** What a backend is asked to compute of a batch, into this result. */
  ConsistencyCall call(ConsistencyBatch batch, ConsistencyGradient kind) {
    losses.prepare(batch.frames(), batch.frames(), Reduction.SUM);
    return new ConsistencyCall(
        batch, kind, losses.losses, losses.statuses, firstGradient, secondGradient);
  }

  void finish(ConsistencyBatch batch) {
    losses.finish(batch.frames(), batch.frames(), CtcOptions.DEFAULT);
  }
}
