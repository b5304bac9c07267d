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
    return new CallOptions(options, isChecked(options.input()), TargetOffsets.of(batch, options));
  }

  /** Of frames without targets. */
  public static CallOptions ofDevice(CtcOptions options) {
    return new CallOptions(options, isChecked(options.input()), null);
  }

  private static boolean isChecked(InputKind input) {
    return input == InputKind.LOG_PROBS || input == InputKind.PROBABILITIES;
  }

  public static CallOptions ofHost(DeviceBatch batch, CtcOptions options) {
    return new CallOptions(options, false, TargetOffsets.of(batch, options));
  }

  /** Of frames without targets. */
  public static CallOptions ofHost(CtcOptions options) {
    return new CallOptions(options, false, null);
  }

  /** Of the problem that a projection leaves, whose blank is 0. */
  static CallOptions ofCompact(CtcOptions options, TargetOffsets offsets) {
    CtcOptions compact = options.withBlank(0).withOffsets(ClassOffsets.NONE);
    return new CallOptions(compact, false, offsets);
  }
}
