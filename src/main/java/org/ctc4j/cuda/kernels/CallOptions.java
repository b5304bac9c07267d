package org.ctc4j.cuda.kernels;

import org.ctc4j.ClassOffsets;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.InputKind;

/**
 * The options of a call as the kernels take them.
 *
 * @param checksLogProbs whether the kernels look at what is said to be log-probabilities or
 *     probabilities: at those that were in device memory before. The host has seen the others.
 * @param offsets what is added to the log-probability of each class; null for none
 */
public record CallOptions(CtcOptions options, boolean checksLogProbs, TargetOffsets offsets) {

  public static CallOptions ofDevice(DeviceBatch batch, CtcOptions options) {
    InputKind input = options.input();
    return new CallOptions(
        options,
        input == InputKind.LOG_PROBS || input == InputKind.PROBABILITIES,
        TargetOffsets.of(batch, options));
  }

  public static CallOptions ofHost(DeviceBatch batch, CtcOptions options) {
    return new CallOptions(options, false, TargetOffsets.of(batch, options));
  }

  /** Of the problem that a projection leaves, whose blank is 0. */
  static CallOptions ofCompact(CtcOptions options, TargetOffsets offsets) {
    CtcOptions compact = options.withBlank(0).withOffsets(ClassOffsets.NONE);
    return new CallOptions(compact, false, offsets);
  }
}
