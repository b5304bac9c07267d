package org.ctc4j.benchmarks;

import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;

/**
 * How far losses and a gradient are from those of the reference.
 *
 * @param lossError the largest |loss − reference| / |reference| of any utterance
 * @param gradientError ‖gradient − reference‖ / ‖reference‖, over the whole batch
 */
public record Agreement(double lossError, double gradientError) {

  /**
   * @param gradient of the shape of the reference's
   */
  public static Agreement of(double[] losses, FrameTensor gradient, CtcResult reference) {
    double lossError = 0;
    for (int n = 0; n < losses.length; n++) {
      double expected = reference.loss(n);
      lossError = Math.max(lossError, Math.abs(losses[n] - expected) / Math.abs(expected));
    }
    FrameTensor expected = reference.gradient();
    double difference = 0;
    double norm = 0;
    for (int t = 0; t < expected.frames(); t++) {
      for (int n = 0; n < expected.utterances(); n++) {
        for (int c = 0; c < expected.classes(); c++) {
          double e = expected.get(t, n, c);
          double d = gradient.get(t, n, c) - e;
          difference += d * d;
          norm += e * e;
        }
      }
    }
    return new Agreement(lossError, Math.sqrt(difference / norm));
  }

  /**
   * Whether it is the same computation, give or take the rounding of float32 in the log domain: one
   * that takes another blank, or differentiates by something else, is off by far more.
   */
  public boolean holds() {
    return lossError < 1e-3 && gradientError < 0.05;
  }
}
