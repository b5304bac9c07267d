package org.ctc4j;

import java.util.Objects;

/**
 * A {@link ConsistencyBatch} in device memory: two views of the same utterances, logits or
 * log-probabilities of shape (T, N, C), N input lengths and, optionally, N weights, all on one
 * device. Its numbers are read when the device gets to it, not by the host, so what is wrong with
 * them shows in the statuses of the {@link DeviceConsistencyResult}, utterance by utterance.
 *
 * @param first logits of one view
 * @param second logits of the other, in any layout and element type
 * @param frames T, no utterance has more
 * @param utterances N
 * @param classes C, ≥ 1
 * @param inputLengths device address of N int32, a multiple of 4: utterance n uses frames 0 …
 *     inputLengths[n] − 1 of both views
 * @param frameCounts device address of N int32, a multiple of 4: the frames that utterance n has
 *     room for, for packed logits; 0 if all have T
 * @param weights device address of N float64, a multiple of 8, the weight of each utterance's loss
 *     in the reduced loss and the gradients; 0 for 1 each
 */
public record DeviceConsistencyBatch(
    DeviceTensor first,
    DeviceTensor second,
    int frames,
    int utterances,
    int classes,
    long inputLengths,
    long frameCounts,
    long weights) {

  public DeviceConsistencyBatch {
    Objects.requireNonNull(first, "first");
    Objects.requireNonNull(second, "second");
    DeviceAddress.INT32.check("inputLengths", inputLengths);
    DeviceAddress.INT32.check("frameCounts", frameCounts);
    DeviceAddress.FLOAT64.check("weights", weights);
    DeviceBatch.requireShape(frames, utterances, classes);
  }

  /** Every utterance has room for T frames, and weight 1. */
  public DeviceConsistencyBatch(
      DeviceTensor first,
      DeviceTensor second,
      int frames,
      int utterances,
      int classes,
      long inputLengths) {
    this(first, second, frames, utterances, classes, inputLengths, 0, 0);
  }

  /** The same with N int32 at a device address: the frames that each utterance has room for. */
  public DeviceConsistencyBatch withFrameCounts(long address) {
    return new DeviceConsistencyBatch(
        first, second, frames, utterances, classes, inputLengths, address, weights);
  }

  /** The same with N float64 at a device address: the weight of each utterance's loss. */
  public DeviceConsistencyBatch withWeights(long address) {
    return new DeviceConsistencyBatch(
        first, second, frames, utterances, classes, inputLengths, frameCounts, address);
  }

  /** "two views of (T, N, C) = (…)", for messages. */
  public String shape() {
    return "two views of (T, N, C) = (%d, %d, %d)".formatted(frames, utterances, classes);
  }

  void check() {
    if (utterances > 0) {
      DeviceAddress.INT32.require("inputLengths", inputLengths);
      if (frames > 0) {
        DeviceAddress.of(first.type()).require("first", first.address());
        DeviceAddress.of(second.type()).require("second", second.address());
      }
    }
  }
}
