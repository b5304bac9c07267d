package org.ctc4j;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.function.Supplier;

/**
 * Compares results with expected ones; a failure shows the first mismatches and what they are of.
 */
public final class Agreement {
  private static final int SHOWN = 5;

  private Agreement() {}

  /** |got − expected| ≤ tolerance · |expected|, and the same infinities and NaN. */
  public static void assertLoss(
      double expected, double got, double tolerance, Supplier<String> what) {
    boolean same =
        Double.isFinite(expected)
            ? Math.abs(got - expected) <= tolerance * Math.abs(expected)
            : Double.compare(expected, got) == 0;
    if (!same) {
      fail(what.get() + ": expected loss " + expected + ", got " + got);
    }
  }

  /**
   * ‖got − expected‖ ≤ tolerance · ‖expected‖ over all elements, and nothing that is not finite.
   */
  public static void assertGradient(
      Values expected, FrameTensor got, double tolerance, Supplier<String> what) {
    double error = 0;
    double norm = 0;
    StringBuilder first = new StringBuilder();
    int shown = 0;
    for (int n = 0; n < got.utterances(); n++) {
      for (int t = 0; t < got.frames(n); t++) {
        for (int c = 0; c < got.classes(); c++) {
          double e = expected.at(t, n, c);
          double difference = got.get(t, n, c) - e;
          error += difference * difference;
          norm += e * e;
          if (!(Math.abs(difference) <= tolerance * Math.max(1e-3, Math.abs(e)))
              && shown++ < SHOWN) {
            first.append(
                "%n  (t, n, c) = (%d, %d, %d): expected %s, got %s"
                    .formatted(t, n, c, e, got.get(t, n, c)));
          }
        }
      }
    }
    // A gradient that all but vanishes is a difference of probabilities near 1, which a float32
    // backend has to 1e-7: there is nothing smaller to be relative to.
    if (!(Math.sqrt(error) <= tolerance * Math.max(Math.sqrt(norm), 1e-3))) {
      fail(
          "%s: gradient error %.3g of norm %.3g, first mismatches:%s"
              .formatted(what.get(), Math.sqrt(error), Math.sqrt(norm), first));
    }
  }

  /**
   * The gradient of one utterance within 1e-5 of its own norm, however small: one with a large
   * gradient would hide errors of another.
   *
   * @param rounding what float64 leaves of posteriors of up to 1, the reference's among them
   */
  public static void assertGradient(
      CtcResult expected, CtcResult got, int n, double rounding, Supplier<String> what) {
    double error = 0;
    double norm = 0;
    for (int t = 0; t < got.gradient().frames(n); t++) {
      for (int c = 0; c < got.gradient().classes(); c++) {
        double e = expected.gradient().get(t, n, c);
        norm = Math.hypot(norm, e);
        error = Math.hypot(error, got.gradient().get(t, n, c) - e);
      }
    }
    if (!(error <= 1e-5 * norm + rounding)) {
      fail("%s, utterance %d: error %.3g of %.3g".formatted(what.get(), n, error, norm));
    }
  }

  /** The same bits in losses, statuses and gradient. */
  public static void assertSameBits(CtcResult expected, CtcResult got, Supplier<String> what) {
    for (int n = 0; n < expected.utterances(); n++) {
      boolean same =
          Double.doubleToRawLongBits(expected.loss(n)) == Double.doubleToRawLongBits(got.loss(n))
              && expected.status(n) == got.status(n);
      for (int t = 0; same && t < expected.gradient().frames(n); t++) {
        for (int c = 0; same && c < expected.gradient().classes(); c++) {
          same =
              Double.doubleToRawLongBits(expected.gradient().get(t, n, c))
                  == Double.doubleToRawLongBits(got.gradient().get(t, n, c));
        }
      }
      if (!same) {
        fail(what.get() + ": utterance " + n + " differs in its bits");
      }
    }
    if (Double.doubleToRawLongBits(expected.loss()) != Double.doubleToRawLongBits(got.loss())) {
      fail(what.get() + ": reduced loss " + expected.loss() + " became " + got.loss());
    }
  }

  /** Expected numbers by frame, utterance and class. */
  public interface Values {
    double at(int t, int n, int c);
  }
}
