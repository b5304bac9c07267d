package org.ctc4j.decoding;

/**
 * Sums of probabilities that are given as logarithms. A search spends much of its time here, and
 * {@link Math#log1p} is a call out of Java's code: so ln(1 + x) is ln(1 + a) of the nearest of 129
 * numbers a, from a table, and a short series of the rest.
 */
final class LogAdd {
  private static final int PARTS = 128; // of [0, 1]

  /** Added to a number this rounds it, and has it in its last bits. */
  private static final double ROUNDING = 0x1.8p52;

  private static final double[] LOGS = new double[PARTS + 1]; // ln(1 + a)
  private static final double[] RECIPROCALS = new double[PARTS + 1]; // 1 / (1 + a)

  static {
    for (int k = 0; k <= PARTS; k++) {
      double a = (double) k / PARTS;
      LOGS[k] = Math.log1p(a);
      RECIPROCALS[k] = 1 / (1 + a);
    }
  }

  private LogAdd() {}

  /** ln(e^a + e^b). */
  static double of(double a, double b) {
    double max = Math.max(a, b);
    double less = -Math.abs(a - b);
    // what is left out is under 10^-20 of the sum; also for -Infinity twice, where less is NaN
    return less > -46 ? max + log1p(Math.exp(less)) : max;
  }

  /** ln(1 + x), x in [0, 1], in error by about a unit in the last place. */
  static double log1p(double x) {
    double shifted = x * PARTS + ROUNDING;
    int k = (int) Double.doubleToRawLongBits(shifted);
    double r = (x - (shifted - ROUNDING) / PARTS) * RECIPROCALS[k]; // 1 + x = (1 + a) (1 + r)
    double series = r * (1.0 / 7) - 1.0 / 6;
    series = r * series + 1.0 / 5;
    series = r * series - 1.0 / 4;
    series = r * series + 1.0 / 3;
    series = r * series - 1.0 / 2;
    return LOGS[k] + (r + r * r * series);
  }
}
