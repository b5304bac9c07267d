package org.ctc4j;

import java.util.List;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.engine.ProjectedPlaces;

/**
 * Where a call on a {@link ProjectedBatch} writes what it computes: N losses and statuses, the
 * reduced loss and those of the three gradients that there is a place for. Make one with memory of
 * your own and hand it to {@link Ctc#compute(ProjectedBatch, CtcOptions, ProjectedResult)} again
 * and again.
 *
 * <p>Not thread-safe: one call at a time may write to it.
 */
public final class ProjectedResult {
  final CtcResult losses;
  private final FrameTensor hiddenGradient;
  private final Elements weightGradient;
  private final Elements biasGradient;

  private ProjectedResult(
      int utterances, FrameTensor hiddenGradient, Elements weightGradient, Elements biasGradient) {
    this.losses = CtcResult.ofLosses(utterances);
    this.hiddenGradient = hiddenGradient;
    this.weightGradient = weightGradient;
    this.biasGradient = biasGradient;
  }

  /** For the losses of N utterances, without a gradient. */
  public static ProjectedResult ofLosses(int utterances) {
    return new ProjectedResult(utterances, null, null, null);
  }

  /**
   * For losses and gradients. Every element of a gradient is written; what it held before does not
   * count. A gradient that is null is not computed.
   *
   * @param utterances N
   * @param hiddenGradient of the shape of the hidden states, (T, N, D), in any layout and element
   *     type, or null; unused frames get 0
   * @param weightGradient (C, D), index = c * D + d, float32 or float64, or null
   * @param biasGradient (C), float32 or float64, or null; with a projection that has no bias, the
   *     gradient of one that is 0
   */
  public static ProjectedResult ofGradients(
      int utterances, FrameTensor hiddenGradient, Elements weightGradient, Elements biasGradient) {
    if (hiddenGradient != null) {
      hiddenGradient.requireWritable("hidden gradient");
    }
    requireSums("weight gradient", weightGradient);
    requireSums("bias gradient", biasGradient);
    return new ProjectedResult(utterances, hiddenGradient, weightGradient, biasGradient);
  }

  /** They are added up over all frames in place, for which 16 bits are too few. */
  private static void requireSums(String name, Elements elements) {
    if (elements == null) {
      return;
    }
    if (!elements.isWritable()) {
      throw new InvalidInputException(name + ": expected a writable buffer, got a read-only one");
    }
    if (elements.type() != ElementType.FLOAT32 && elements.type() != ElementType.FLOAT64) {
      throw new InvalidInputException(
          "%s: expected FLOAT32 or FLOAT64, got %s".formatted(name, elements.type()));
    }
  }

  /** N. */
  public int utterances() {
    return losses.utterances();
  }

  /** −ln p(target | input) of utterance n, in nats. */
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

  /** How many utterances have a status: none before there is a result. */
  public int count(CtcStatus status) {
    return losses.count(status);
  }

  /** As {@link CtcResult#toString()}. */
  @Override
  public String toString() {
    return losses.toString();
  }

  /** The reduced loss; that of the sum for {@link Reduction#NONE}; 0 for no utterances. */
  public double loss() {
    return losses.loss();
  }

  /** The gradient of {@link #loss()} with respect to the hidden states, (T, N, D), or null. */
  public FrameTensor hiddenGradient() {
    return hiddenGradient;
  }

  /** The gradient of {@link #loss()} with respect to the weight, (C, D), or null. */
  public Elements weightGradient() {
    return weightGradient;
  }

  /** The gradient of {@link #loss()} with respect to the bias, (C), or null. */
  public Elements biasGradient() {
    return biasGradient;
  }

  void check(ProjectedBatch batch) {
    losses.check(batch.frames());
    Projection projection = batch.projection();
    CtcResult.requireShape(
        "hidden gradient",
        hiddenGradient,
        batch.hidden(),
        projection.dimensions(),
        "the shape of hidden");
    requireLength("weight gradient", weightGradient, projection.weight().length());
    requireLength("bias gradient", biasGradient, projection.classes());
    requireApart(batch);
  }

  /**
   * What a backend is asked to compute of a batch, into this result.
   *
   * @param fitting {@link ProjectedBatch#fitting} of the batch
   */
  ProjectedCall call(ProjectedBatch batch, ProjectedBatch fitting, CtcOptions options) {
    double[] weights = losses.prepare(batch.frames(), fitting.frames(), options.reduction());
    ProjectedPlaces places =
        new ProjectedPlaces(
            losses.losses, losses.statuses, hiddenGradient, weightGradient, biasGradient);
    return new ProjectedCall(fitting, options, weights, places);
  }

  /**
   * @param fitting what was computed in place of the batch
   */
  void finish(ProjectedBatch batch, ProjectedBatch fitting, CtcOptions options) {
    losses.finish(batch.frames(), fitting.frames(), options);
  }

  private static void requireLength(String name, Elements elements, long expected) {
    if (elements != null && elements.length() != expected) {
      throw new InvalidInputException(
          "%s: expected %d elements, got %d".formatted(name, expected, elements.length()));
    }
  }

  private void requireApart(ProjectedBatch batch) {
    List<Place> outputs =
        List.of(
            Place.of("hidden gradient", hiddenGradient),
            Place.of("weight gradient", weightGradient),
            Place.of("bias gradient", biasGradient));
    List<Place> inputs =
        List.of(
            Place.of("hidden", batch.hidden()),
            Place.of("weight", batch.projection().weight()),
            Place.of("bias", batch.projection().bias()));
    for (int i = 0; i < outputs.size(); i++) {
      for (Place input : inputs) {
        outputs.get(i).requireApart(input);
      }
      for (Place output : outputs.subList(0, i)) {
        outputs.get(i).requireApart(output);
      }
    }
  }

  /** A run of elements in memory; elements are null where there is no such array. */
  private record Place(String name, Elements elements, long first, long last) {
    static Place of(String name, Elements elements) {
      return new Place(name, elements, 0, elements == null ? -1 : elements.length() - 1);
    }

    static Place of(String name, FrameTensor tensor) {
      return tensor == null
          ? new Place(name, null, 0, -1)
          : new Place(name, tensor.elements(), tensor.first(), tensor.last());
    }

    void requireApart(Place other) {
      if (elements != null
          && other.elements != null
          && elements.overlaps(first, last, other.elements, other.first, other.last)) {
        throw new InvalidInputException(
            "%s: it overlaps the %s in memory".formatted(name, other.name));
      }
    }
  }
}
