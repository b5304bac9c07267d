package org.ctc4j;

import java.util.Objects;

/**
 * A batch in device memory: logits (or log-probabilities, probabilities or scores) of shape (T, N,
 * C), N targets, N input lengths and, optionally, N weights, all on one device. Its numbers are
 * read when the device gets to it, not by the host, so what is wrong with them shows in the
 * statuses of the {@link DeviceResult}, utterance by utterance. So does what {@link
 * InputKind#LOG_PROBS} and {@link InputKind#PROBABILITIES} refuse in host memory.
 *
 * @param logits logits, log-probabilities, probabilities or scores
 * @param frames T, no utterance has more
 * @param utterances N
 * @param classes C, ≥ 1
 * @param targets the labels
 * @param inputLengths device address of N int32, a multiple of 4: utterance n uses frames 0 …
 *     inputLengths[n] − 1
 * @param frameCounts device address of N int32, a multiple of 4: the frames that utterance n has
 *     room for, for packed logits; 0 if all have T
 * @param weights device address of N float64, a multiple of 8, the weight of each utterance's loss
 *     in the reduced loss and the gradient; 0 for those of the {@link Reduction}
 */
public record DeviceBatch(
    DeviceTensor logits,
    int frames,
    int utterances,
    int classes,
    DeviceTargets targets,
    long inputLengths,
    long frameCounts,
    long weights) {

  public DeviceBatch {
    Objects.requireNonNull(logits, "logits");
    Objects.requireNonNull(targets, "targets");
    DeviceAddress.INT32.check("inputLengths", inputLengths);
    DeviceAddress.INT32.check("frameCounts", frameCounts);
    DeviceAddress.FLOAT64.check("weights", weights);
    requireShape(frames, utterances, classes);
  }

  static void requireShape(int frames, int utterances, int classes) {
    FrameTensor.requireShape(frames, utterances, classes);
    if ((long) frames * utterances > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "expected T · N < 2^31, the blocks of one launch, got (T, N, C) = (%d, %d, %d)"
              .formatted(frames, utterances, classes));
    }
  }

  /** Every utterance has room for T frames, and the weights are the reduction's. */
  public DeviceBatch(
      DeviceTensor logits,
      int frames,
      int utterances,
      int classes,
      DeviceTargets targets,
      long inputLengths) {
    this(logits, frames, utterances, classes, targets, inputLengths, 0, 0);
  }

  /** The same with N int32 at a device address: the frames that each utterance has room for. */
  public DeviceBatch withFrameCounts(long address) {
    return new DeviceBatch(
        logits, frames, utterances, classes, targets, inputLengths, address, weights);
  }

  /** The same with N float64 at a device address: the weight of each utterance's loss. */
  public DeviceBatch withWeights(long address) {
    return new DeviceBatch(
        logits, frames, utterances, classes, targets, inputLengths, frameCounts, address);
  }

  /** "(T, N, C) = (…), L = …", for messages. */
  public String shape() {
    return "(T, N, C) = (%d, %d, %d), L = %d"
        .formatted(frames, utterances, classes, targets.maxLength());
  }

  void check(CtcOptions options) {
    check(options, classes);
  }

  /** As above, where the labels are of other classes than those of the tensor. */
  void check(CtcOptions options, int classes) {
    CtcBatch.check(options, classes, weights != 0);
    if (utterances > 0) {
      DeviceAddress.INT32.require("inputLengths", inputLengths);
      DeviceAddress.INT32.require("targets.lengths", targets.lengths());
      if (frames > 0) {
        DeviceAddress.of(logits.type()).require("logits", logits.address());
      }
      if (targets.maxLength() > 0) {
        DeviceAddress.INT32.require("targets.labels", targets.labels());
      }
    }
  }
}
