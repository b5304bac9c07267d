package org.ctc4j.decoding;

/** Sums of probabilities that are given as logarithms. */
final class LogAdd {
  private LogAdd() {}

  /** ln(e^a + e^b). */
  static double of(double a, double b) {
    double max = Math.max(a, b);
    double less = Math.min(a, b) - max;
    // what is left out is under 10^-20 of the sum; also for -Infinity twice, where less is NaN
    return less > -46 ? max + Math.log1p(Math.exp(less)) : max;
  }
}
