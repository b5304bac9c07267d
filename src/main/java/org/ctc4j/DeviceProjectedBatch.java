package org.ctc4j;

import java.util.Objects;

/**
 * A batch in device memory whose logits are yet to be computed: hidden states of shape (T, N, D), a
 * {@link DeviceProjection} of them to C classes, N targets, N input lengths and, optionally, N
 * weights, all on one device. As with a {@link DeviceBatch}, what is wrong with the numbers shows
 * in the statuses of the result.
 *
 * @param frames the batch with the hidden states in place of the logits: its classes are the D
 *     dimensions
 * @param projection what makes logits of them, of the same element type
 */
public record DeviceProjectedBatch(DeviceBatch frames, DeviceProjection projection) {

  public DeviceProjectedBatch {
    Objects.requireNonNull(frames, "frames");
    Objects.requireNonNull(projection, "projection");
    Projection.requireFitting(
        frames.classes(), projection.dimensions(), frames.logits().type(), projection.type());
  }

  /** Every utterance has room for T frames, and the weights are the reduction's. */
  public DeviceProjectedBatch(
      DeviceTensor hidden,
      int frames,
      int utterances,
      DeviceProjection projection,
      DeviceTargets targets,
      long inputLengths) {
    this(
        new DeviceBatch(hidden, frames, utterances, projection.dimensions(), targets, inputLengths),
        projection);
  }

  /** "(T, N, D) = (…), C = …, L = …", for messages. */
  public String shape() {
    return "(T, N, D) = (%d, %d, %d), C = %d, L = %d"
        .formatted(
            frames.frames(),
            frames.utterances(),
            projection.dimensions(),
            projection.classes(),
            frames.targets().maxLength());
  }

  void check(CtcOptions options) {
    Projection.requireLogits(options.input());
    frames.targets().requireNoWildcards("a projection", "none or a batch of logits");
    frames.check(options, projection.classes());
  }
}
