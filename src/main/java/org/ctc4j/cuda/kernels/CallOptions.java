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
 * @param offsets device address of (C) float64, what is added to the log-probability of each class;
 *     0 for none
 */
public record CallOptions(
    CtcOptions options, boolean checksLogProbs, boolean isRounded, long offsets) {

  public static CallOptions ofDevice(CtcOptions options) {
    return new CallOptions(options, options.input() == InputKind.LOG_PROBS, false, 0);
  }

  /**
   * Of probabilities the device gets the logarithms, and gives the gradient by these.
   *
   * @param type that the batch has in host memory
   */
  public static CallOptions ofHost(CtcOptions options, ElementType type) {
    return options.input() == InputKind.PROBABILITIES
        ? new CallOptions(options.withInput(InputKind.LOG_PROBS), false, type.bytes() == 2, 0)
        : new CallOptions(options, false, false, 0);
  }

  /** With offsets at a device address. */
  public CallOptions withOffsets(long address) {
    return new CallOptions(options, checksLogProbs, isRounded, address);
  }
}
