package org.ctc4j.reference;

/** Sums of probabilities that are held as natural logarithms. */
final class LogMath {
  static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private LogMath() {}

  /** ln(e<sup>a</sup> + e<sup>b</sup>). */
  static double add(double a, double b) {
    double max = Math.max(a, b);
    return max == LOG_ZERO ? LOG_ZERO : max + Math.log1p(Math.exp(Math.min(a, b) - max));
  }

  /** ln(e<sup>a</sup> + e<sup>b</sup> + e<sup>c</sup>). */
  static double add(double a, double b, double c) {
    double max = Math.max(a, Math.max(b, c));
    return max == LOG_ZERO
        ? LOG_ZERO
        : max + Math.log(Math.exp(a - max) + Math.exp(b - max) + Math.exp(c - max));
  }
}
