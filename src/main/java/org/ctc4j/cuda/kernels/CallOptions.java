package org.ctc4j.cuda.kernels;

import org.ctc4j.CtcOptions;
import org.ctc4j.InputKind;

/**
 * The options of a call, and whether the kernels look at what is said to be log-probabilities: at
 * those that were in device memory before. The host has seen the others, in their own element type.
 */
public record CallOptions(CtcOptions options, boolean checksLogProbs) {

  public static CallOptions ofDevice(CtcOptions options) {
    return new CallOptions(options, options.input() == InputKind.LOG_PROBS);
  }

  public static CallOptions ofHost(CtcOptions options) {
    return new CallOptions(options, false);
  }
}
