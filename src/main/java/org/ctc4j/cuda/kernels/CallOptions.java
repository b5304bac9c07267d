package org.ctc4j.cuda.kernels;

import org.ctc4j.CtcOptions;
import org.ctc4j.InputKind;

/**
 * The options of a call as the kernels take them.
 *
 * @param checksLogProbs whether the kernels look at what is said to be log-probabilities or
 *     probabilities: at those that were in device memory before. The host has seen the others.
 * @param offsets device address of (C) float64, what is added to the log-probability of each class;
 *     0 for none
 */
public record CallOptions(CtcOptions options, boolean checksLogProbs, long offsets) {

  public static CallOptions ofDevice(CtcOptions options) {
    InputKind input = options.input();
    return new CallOptions(
        options, input == InputKind.LOG_PROBS || input == InputKind.PROBABILITIES, 0);
  }

  public static CallOptions ofHost(CtcOptions options) {
    return new CallOptions(options, false, 0);
  }

  /** With offsets at a device address. */
  public CallOptions withOffsets(long address) {
    return new CallOptions(options, checksLogProbs, address);
  }
}
