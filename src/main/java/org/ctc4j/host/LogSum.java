package org.ctc4j.host;

/**
 * Sums and differences of numbers that are given as their natural logarithms, each off by no more
 * than the rounding of a logarithm of that size or of 1.
 */
public final class LogSum {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private LogSum() {}

  /** ln(e<sup>a</sup> + e<sup>b</sup>). */
  public static double of(double a, double b) {
    double max = Math.max(a, b);
    double less = Math.min(a, b) - max;
    return less > -46 ? max + Math.log(1 + Math.exp(less)) : max; // also for −Infinity twice
  }

  /** ln(e<sup>a</sup> + e<sup>b</sup> + e<sup>c</sup>). */
  public static double of(double a, double b, double c) {
    double max = Math.max(a, Math.max(b, c));
    return max == LOG_ZERO
        ? LOG_ZERO
        : max + Math.log(Math.exp(a - max) + Math.exp(b - max) + Math.exp(c - max));
  }

  /**
   * ln(e<sup>a</sup> − e<sup>b</sup>); −Infinity where b is as great as a, or greater by rounding.
   */
  public static double difference(double a, double b) {
    return b == LOG_ZERO ? a : b < a ? a + Math.log1p(-Math.exp(b - a)) : LOG_ZERO;
  }
}
