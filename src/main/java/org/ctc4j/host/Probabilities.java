package org.ctc4j.host;

/** Probabilities that are given in place of their logarithms. */
public final class Probabilities {
  private static final long SQRT_HALF = 0x3fe6a09e00000000L; // the bits of a little less

  /** ln 2 in two parts: products of the first with exponents are exact. */
  private static final double LN2_HIGH = 0x1.62e42feep-1;

  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  private Probabilities() {}

  /**
   * ln p, in error by less than a unit in the last place; −Infinity for 0 and for what rounding has
   * taken below it. NaN and +Infinity stay what they are.
   *
   * <p>The same bits on every machine, GPUs included ({@code logarithmInline} in kernels/ctc.cuh
   * takes the same steps), so that all find the same path among those that are as good as each
   * other: with p = 2<sup>k</sup> (1 + f), 1 + f in [√½, √2), and s = f / (2 + f), ln(1 + f) = 2
   * artanh(s), as a series in s².
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
}
