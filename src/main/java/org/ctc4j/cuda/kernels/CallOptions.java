package org.ctc4j.cuda.kernels;

import org.ctc4j.CtcOptions;
import org.ctc4j.InputKind;

/**
 * The options of a call as the kernels take them.
 *
 * @param checksLogProbs whether the kernels look at what is said to be log-probabilities or
 *     probabilities: at those that were in device memory before. The host has seen the others.
 */
public record CallOptions(CtcOptions options, boolean checksLogProbs) {

  public static CallOptions ofDevice(CtcOptions options) {
    InputKind input = options.input();
    return new CallOptions(
        options, input == InputKind.LOG_PROBS || input == InputKind.PROBABILITIES);
  }

  public static CallOptions ofHost(CtcOptions options) {
    return new CallOptions(options, false);
  }
}
