package org.ctc4j.cli;

import java.io.PrintWriter;

/** Tells of logits that are what a softmax gives, which would be applied twice. */
final class SoftmaxCheck {
  private static final double ROUNDING = 0.01; // of 16-bit probabilities, added up

  private long frames;
  private long distributions;

  /** Takes in a frame, so many numbers from {@code from} on. */
  void add(float[] numbers, int from, int classes) {
    if (distributions == frames && isDistribution(numbers, from, classes)) {
      distributions++;
    }
    frames++;
  }

  private static boolean isDistribution(float[] numbers, int from, int classes) {
    double sum = 0;
    for (int i = from; i < from + classes; i++) {
      if (!(numbers[i] >= 0 && numbers[i] <= 1 + ROUNDING)) {
        return false;
      }
      sum += numbers[i];
    }
    return classes > 1 && Math.abs(sum - 1) <= ROUNDING;
  }

  /**
   * A note if all frames were such, unless it was said what they are.
   *
   * @param what they are called
   */
  void note(InputOptions options, String what, PrintWriter err) {
    if (frames > 0 && distributions == frames && !options.isGiven("--input")) {
      Messages.note(
          err,
          what
              + " sums to 1, as after a softmax; if they are probabilities: --input probs, else"
              + " --input logits");
    }
  }
}
