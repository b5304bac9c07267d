package org.ctc4j.host;

/**
 * Probabilities and their logarithms, with the same bits on every machine, GPUs included: sums,
 * products and quotients alone, in the order that kernels have them in.
 */
public final class Probabilities {
  private static final long SQRT_HALF = 0x3fe6a09e00000000L; // the bits of a little less

  /** ln 2 in two parts: products of the first with exponents are exact. */
  private static final double LN2_HIGH = 0x1.62e42feep-1;

  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  private static final double LOG2_E = 1.44269504088896340736;

  private Probabilities() {}

  /**
   * ln p, in error by less than a unit in the last place; −Infinity for 0 and for what rounding has
   * taken below it. NaN and +Infinity stay what they are.
   *
   * <p>{@code logarithm} in kernels/ctc.cuh takes the same steps, so that all find the same path
   * among those that are as good as each other: with p = 2<sup>k</sup> (1 + f), 1 + f in [√½, √2),
   * and s = f / (2 + f), ln(1 + f) = 2 artanh(s), as a series in s².
   */
  public static double log(double p) {
    if (!(p > 0 && p < Double.POSITIVE_INFINITY)) {
      return p <= 0 ? Double.NEGATIVE_INFINITY : p;
    }
    boolean small = p < Double.MIN_NORMAL;
    long bits = Double.doubleToRawLongBits(small ? p * 0x1p54 : p);
    int k = (int) ((bits - SQRT_HALF) >> 52);
    double f = Double.longBitsToDouble(bits - ((long) k << 52)) - 1;
    double s = f / (2 + f);
    double z = s * s;
    double series = z * (2.0 / 21) + 2.0 / 19;
    series = z * series + 2.0 / 17;
    series = z * series + 2.0 / 15;
    series = z * series + 2.0 / 13;
    series = z * series + 2.0 / 11;
    series = z * series + 2.0 / 9;
    series = z * series + 2.0 / 7;
    series = z * series + 2.0 / 5;
    series = z * series + 2.0 / 3;
    double half = 0.5 * f * f;
    double e = small ? k - 54 : k;
    return e * LN2_HIGH - ((half - (s * (half + z * series) + e * LN2_LOW)) - f);
  }

  /**
   * ln(1 + x), x ≥ 0, in error by some units in the last place; as {@code logOnePlus} in
   * kernels/align_wildcards.cu.
   */
  static double log1p(double x) {
    double sum = 1 + x;
    return log(sum) + (x - (sum - 1)) / sum; // what the sum has lost
  }

  /**
   * e<sup>x</sup>, x ≤ 0, in error by some units in the last place, and 0 below −700; as {@code
   * decayed} in kernels/align_wildcards.cu: x = k ln 2 + r with |r| ≤ ½ ln 2, and the series of
   * e<sup>r</sup>.
   */
  static double exp(double x) {
    if (!(x >= -700)) {
      return 0;
    }
    double k = Math.floor(x * LOG2_E + 0.5);
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double series = r * (1.0 / 6227020800L) + 1.0 / 479001600;
    series = r * series + 1.0 / 39916800;
    series = r * series + 1.0 / 3628800;
    series = r * series + 1.0 / 362880;
    series = r * series + 1.0 / 40320;
    series = r * series + 1.0 / 5040;
    series = r * series + 1.0 / 720;
    series = r * series + 1.0 / 120;
    series = r * series + 1.0 / 24;
    series = r * series + 1.0 / 6;
    series = r * series + 0.5;
    series = r * series + 1;
    series = r * series + 1;
    return series * Double.longBitsToDouble((long) k + 1023 << 52);
  }

  /** ln(e<sup>a</sup> + e<sup>b</sup>), likewise. */
  static double logAdd(double a, double b) {
    double most = Math.max(a, b);
    double least = Math.min(a, b);
    return least > Double.NEGATIVE_INFINITY ? most + log1p(exp(least - most)) : most;
  }
}
