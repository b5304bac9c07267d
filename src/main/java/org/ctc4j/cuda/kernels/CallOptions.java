package org.ctc4j.cuda.kernels;

import org.ctc4j.CtcOptions;
import org.ctc4j.ElementType;
import org.ctc4j.InputKind;

/**
 * The options of a call as the kernels take them.
 *
 * @param checksLogProbs whether the kernels look at what is said to be log-probabilities: at those
 *     that were in device memory before. The host has seen the others, in their own element type.
 * @param isRounded whether they are the logarithms of probabilities in 16 bits
 */
public record CallOptions(CtcOptions options, boolean checksLogProbs, boolean isRounded) {

  public static CallOptions ofDevice(CtcOptions options) {
    return new CallOptions(options, options.input() == InputKind.LOG_PROBS, false);
  }

  /**
   * Of probabilities the device gets the logarithms, and gives the gradient by these.
   *
   * @param type that the batch has in host memory
   */
  public static CallOptions ofHost(CtcOptions options, ElementType type) {
    return options.input() == InputKind.PROBABILITIES
        ? new CallOptions(options.withInput(InputKind.LOG_PROBS), false, type.bytes() == 2)
        : new CallOptions(options, false, false);
  }
}
