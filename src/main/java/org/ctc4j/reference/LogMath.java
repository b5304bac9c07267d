package org.ctc4j.reference;

import java.util.Arrays;

/** Sums of probabilities that are held as natural logarithms. */
final class LogMath {
  static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private LogMath() {}

  /** ln Σ e<sup>x[i]</sup>. */
  static double sum(double[] x) {
    double max = Arrays.stream(x).max().orElse(LOG_ZERO);
    double sum = 0;
    for (double log : x) {
      sum += Math.exp(log - max);
    }
    return max == LOG_ZERO ? LOG_ZERO : max + Math.log(sum);
  }

  /** ln(e<sup>a</sup> + e<sup>b</sup>). */
  static double add(double a, double b) {
    double max = Math.max(a, b);
    return max == LOG_ZERO ? LOG_ZERO : max + Math.log1p(Math.exp(Math.min(a, b) - max));
  }

  /** ln(e<sup>a</sup> + e<sup>b</sup> + e<sup>c</sup>). */
  static double add(double a, double b, double c) {
    double max = Math.max(a, Math.max(b, c));
    double middle = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    double min = Math.min(a, Math.min(b, c));
    return max == LOG_ZERO
        ? LOG_ZERO
        : max + Math.log1p(Math.exp(middle - max) + Math.exp(min - max));
  }
}
