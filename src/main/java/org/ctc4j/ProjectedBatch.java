package org.ctc4j;

import java.util.Objects;

/**
 * A batch whose logits are yet to be computed, in host memory: hidden states of shape (T, N, D), a
 * {@link Projection} of them to C classes, N targets, N input lengths and, optionally, N weights.
 * Immutable, but a view of the caller's memory.
 *
 * <p>The logits are never held as a whole, only a chunk at a time whose size does not grow with C.
 * That is what it is for: at T = 400, N = 32 and C = 250,000 the logits and their gradient would
 * take 25.6 GB in float32.
 */
public final class ProjectedBatch {
  private final CtcBatch frames; // the hidden states in place of the logits
  private final Projection projection;

  private ProjectedBatch(CtcBatch frames, Projection projection) {
    this.frames = frames;
    this.projection = projection;
  }

  /** Every utterance uses all the frames it has. */
  public static ProjectedBatch of(FrameTensor hidden, Projection projection, Targets targets) {
    return of(CtcBatch.of(hidden, targets), projection);
  }

  /**
   * Utterance n uses frames 0 … inputLengths[n] − 1; the others are never read.
   *
   * @param hidden (T, N, D), in any layout, of the projection's element type
   * @param inputLengths one for each utterance, each in [0, T] ([0, T<sub>n</sub>] if packed)
   * @throws InvalidInputException if sizes or element types do not agree or a length is out of its
   *     range
   */
  public static ProjectedBatch of(
      FrameTensor hidden, Projection projection, Targets targets, int[] inputLengths) {
    return of(CtcBatch.of(hidden, targets, inputLengths), projection);
  }

  private static ProjectedBatch of(CtcBatch frames, Projection projection) {
    Objects.requireNonNull(projection, "projection");
    FrameTensor hidden = frames.logits();
    Projection.requireFitting(
        hidden.classes(),
        projection.dimensions(),
        hidden.elements().type(),
        projection.weight().type());
    return new ProjectedBatch(frames, projection);
  }

  /**
   * The same batch with a weight for each utterance's loss, as {@link CtcBatch#withWeights}.
   *
   * @param weights one finite number for each utterance
   */
  public ProjectedBatch withWeights(double... weights) {
    return new ProjectedBatch(frames.withWeights(weights), projection);
  }

  /** Shapes and element type. */
  @Override
  public String toString() {
    return "hidden states, (T, N, D) = (%d, %d, %d); %s; %s"
        .formatted(
            hidden().frames(), hidden().utterances(), hidden().classes(), projection, targets());
  }

  /** Hidden states, (T, N, D): the tensor's "classes" are the D dimensions. */
  public FrameTensor hidden() {
    return frames.logits();
  }

  /** What makes logits of them. */
  public Projection projection() {
    return projection;
  }

  /** The N targets. */
  public Targets targets() {
    return frames.targets();
  }

  /** N. */
  public int utterances() {
    return frames.utterances();
  }

  /** The number of frames that utterance n uses. */
  public int inputLength(int n) {
    return frames.inputLength(n);
  }

  /** The same utterances with the hidden states in place of logits. */
  CtcBatch frames() {
    return frames;
  }

  /** As {@link CtcBatch#fitting}. */
  ProjectedBatch fitting() {
    CtcBatch fitting = frames.fitting();
    return fitting == frames ? this : new ProjectedBatch(fitting, projection);
  }

  void check(CtcOptions options) {
    Projection.requireLogits(options.input());
    frames.check(options, projection.classes());
    targets().requireNoWildcards("a projection", "none or a batch of logits");
    projection.requireNumbers();
  }
}
