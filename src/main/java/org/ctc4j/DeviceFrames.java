package org.ctc4j;

import java.util.Objects;

/**
 * Frames in device memory that are to be decoded: logits (or log-probabilities, probabilities or
 * scores) of shape (T, N, C) and N input lengths, all on one device: what {@link DeviceBatch} is
 * without targets. Numbers are read when the device gets to it, not by the host, so what is wrong
 * with them shows in the statuses, utterance by utterance.
 *
 * @param logits logits, log-probabilities, probabilities or scores
 * @param frames T, no utterance has more
 * @param utterances N
 * @param classes C, ≥ 1
 * @param inputLengths device address of N int32, a multiple of 4: utterance n uses frames 0 …
 *     inputLengths[n] − 1
 * @param frameCounts device address of N int32, a multiple of 4: the frames that utterance n has
 *     room for, for packed logits; 0 if all have T
 */
public record DeviceFrames(
    DeviceTensor logits,
    int frames,
    int utterances,
    int classes,
    long inputLengths,
    long frameCounts) {

  public DeviceFrames {
    Objects.requireNonNull(logits, "logits");
    DeviceAddress.INT32.check("inputLengths", inputLengths);
    DeviceAddress.INT32.check("frameCounts", frameCounts);
    DeviceBatch.requireShape(frames, utterances, classes);
  }

  /** Every utterance has room for T frames. */
  public DeviceFrames(
      DeviceTensor logits, int frames, int utterances, int classes, long inputLengths) {
    this(logits, frames, utterances, classes, inputLengths, 0);
  }

  /** Those of a batch, whose targets and weights are not used. */
  public static DeviceFrames of(DeviceBatch batch) {
    return new DeviceFrames(
        batch.logits(),
        batch.frames(),
        batch.utterances(),
        batch.classes(),
        batch.inputLengths(),
        batch.frameCounts());
  }

  /** "(T, N, C) = (…)", for messages. */
  public String shape() {
    return "(T, N, C) = (%d, %d, %d)".formatted(frames, utterances, classes);
  }

  void check(CtcOptions options) {
    if (options.blank() >= classes) {
      throw new InvalidInputException(
          "blank: expected a class index in [0, %d), got %d".formatted(classes, options.blank()));
    }
    options.offsets().requireNone("a decoder");
    if (utterances > 0) {
      DeviceAddress.INT32.require("inputLengths", inputLengths);
      if (frames > 0) {
        DeviceAddress.of(logits.type()).require("logits", logits.address());
      }
    }
  }
}
