package org.ctc4j.host;

/** Sums and differences of numbers that are given as their natural logarithms. */
public final class LogSum {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private LogSum() {}

  /** ln(e<sup>a</sup> + e<sup>b</sup>). */
  public static double of(double a, double b) {
    double max = Math.max(a, b);
    double less = Math.min(a, b) - max;
    return less > -746 ? max + Math.log1p(Math.exp(less)) : max; // also for −Infinity twice
  }

  /**
   * ln(e<sup>a</sup> − e<sup>b</sup>); −Infinity where b is as great as a, or greater by rounding.
   */
  public static double difference(double a, double b) {
    return b == LOG_ZERO ? a : b < a ? a + Math.log1p(-Math.exp(b - a)) : LOG_ZERO;
  }
}
