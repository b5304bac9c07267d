package org.ctc4j.cpu;

import static org.ctc4j.cpu.Extended.BIAS;
import static org.ctc4j.cpu.Extended.ZERO;
import static org.ctc4j.cpu.Extended.power;

/**
 * Plain Java, for any JVM.
 *
 * <p>Loops over whole rows keep four accumulators, since one would wait for each addition.
 * Rejected: {@code Math.fma}, which is an exact but very slow library call on processors without
 * the instruction; {@code Math.max} on floats in loops that C2 does not vectorise, where its rules
 * for NaN and −0 cost more than a comparison.
 *
 * <p>C2 vectorises short loops over arrays from their first element on, but none that reads bits of
 * floats, has many operations or goes through two arrays from different places: so {@code exp} of a
 * long row and {@code split} take a block at a time to arrays of their own and make each step a
 * loop.
 */
final class ScalarKernels extends Kernels {
  private static final float ROUND = 0x1.8p23f; // x + ROUND − ROUND is x rounded to an integer
  private static final int ROUND_BITS = 0x4b400000;
  private static final float LN2_HIGH = 0x1.63p-1f; // few bits, so that multiples are exact
  private static final float LN2_LOW = -0x1.bd0106p-13f;

  /** Exponents above −NEAR times LN2_HIGH are exact, and times LN2_LOW within 10<sup>−7</sup>. */
  private static final int NEAR = 1 << 13;

  /** Shorter rows are not worth the trip through blocks. */
  private static final int SHORT = 64;

  private static final int BLOCK = 512;

  private final float[] differences = new float[BLOCK];
  private final float[] exponents = new float[BLOCK];
  private final float[] roundings = new float[BLOCK];

  @Override
  Kernels another() {
    return new ScalarKernels();
  }

  @Override
  String name() {
    return "scalar";
  }

  @Override
  int lanes() {
    return 1;
  }

  @Override
  float max(float[] x, int at, int n) {
    float m0 = Float.NEGATIVE_INFINITY;
    float m1 = m0;
    float m2 = m0;
    float m3 = m0;
    int i = at;
    int end = at + n;
    for (; i + 3 < end; i += 4) {
      m0 = x[i] > m0 ? x[i] : m0;
      m1 = x[i + 1] > m1 ? x[i + 1] : m1;
      m2 = x[i + 2] > m2 ? x[i + 2] : m2;
      m3 = x[i + 3] > m3 ? x[i + 3] : m3;
    }
    for (; i < end; i++) {
      m0 = x[i] > m0 ? x[i] : m0;
    }
    return Math.max(Math.max(m0, m1), Math.max(m2, m3));
  }

  @Override
  boolean finite(float[] x, int at, int n) {
    for (int i = at; i < at + n; i++) {
      if (!(x[i] < Float.POSITIVE_INFINITY)) {
        return false;
      }
    }
    return true;
  }

  @Override
  double exp(float[] x, int at, int n, float shift, float[] out, int outAt) {
    if (n < SHORT) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        float e = exp(x[at + i] - shift);
        out[outAt + i] = e;
        sum += e;
      }
      return sum;
    }
    float[] d = differences;
    float[] e = exponents;
    double sum = 0;
    for (int i = 0; i < n; i += BLOCK) {
      int count = Math.min(BLOCK, n - i);
      System.arraycopy(x, at + i, d, 0, count);
      limit(d, count, shift);
      shift(d, count, e, ROUND + BIAS);
      reduce(d, count, e, ROUND + BIAS);
      toPowers(e, count);
      multiply(d, count, e);
      System.arraycopy(e, 0, out, outAt + i, count);
      sum += sum(e, count);
    }
    return sum;
  }

  private static float exp(float x) {
    float d = x < EXP_ZERO ? EXP_ZERO : x; // NaN passes
    float shifted = d * LOG2_E + (ROUND + BIAS);
    float n = shifted - (ROUND + BIAS);
    float r = d - n * LN2_HIGH - n * LN2_LOW;
    return polynomial(r) * Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << 23);
  }

  // the same as above, one loop for each step

  private static void limit(float[] d, int n, float shift) {
    for (int i = 0; i < n; i++) {
      d[i] = Math.max(d[i] - shift, EXP_ZERO);
    }
  }

  private static void shift(float[] d, int n, float[] shifted, float round) {
    for (int i = 0; i < n; i++) {
      shifted[i] = d[i] * LOG2_E + round;
    }
  }

  private static void reduce(float[] d, int n, float[] shifted, float round) {
    for (int i = 0; i < n; i++) {
      float k = shifted[i] - round;
      d[i] = d[i] - k * LN2_HIGH - k * LN2_LOW;
    }
  }

  private static void toPowers(float[] shifted, int n) {
    for (int i = 0; i < n; i++) {
      shifted[i] = Float.intBitsToFloat(Float.floatToRawIntBits(shifted[i]) << 23);
    }
  }

  private static void multiply(float[] r, int n, float[] powers) {
    for (int i = 0; i < n; i++) {
      powers[i] *= polynomial(r[i]);
    }
  }

  private static double sum(float[] x, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i < n - 3; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < n; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** e<sup>r</sup>, |r| ≤ ln(2)/2. */
  private static float polynomial(float r) {
    return 1 + (r + r * r * (C2 + r * (C3 + r * (C4 + r * (C5 + r * C6)))));
  }

  @Override
  double sumBelowOne(float[] x, int at, int n) {
    double sum = 0;
    for (int i = at; i < at + n; i++) {
      if (x[i] < 1) {
        sum += x[i];
      }
    }
    return sum;
  }

  @Override
  void scale(float[] x, int at, int n, float factor) {
    for (int i = at; i < at + n; i++) {
      x[i] *= factor;
    }
  }

  @Override
  int split(float[] x, int width, float reference, float[] em, int[] ee, int at) {
    float[] d = differences;
    float[] shifted = exponents;
    float[] lost = roundings;
    int least = 0;
    for (int i = 0; i < width; i += BLOCK) {
      int count = Math.min(BLOCK, width - i);
      System.arraycopy(x, i, d, 0, count);
      subtract(d, count, reference, lost);
      shift(d, count, shifted, ROUND);
      least = Math.min(least, exponents(shifted, count, ee, at + i));
      reduce(d, count, shifted, ROUND);
      finish(d, count, lost);
      System.arraycopy(d, 0, em, at + i, count);
    }
    return least > -NEAR ? least : splitFar(x, width, reference, em, ee, at);
  }

  /** d −= reference; lost is what rounding took from that (Knuth's TwoSum). */
  private static void subtract(float[] d, int n, float reference, float[] lost) {
    for (int i = 0; i < n; i++) {
      float v = d[i];
      float difference = v - reference;
      float back = difference + reference;
      lost[i] = (v - back) + ((back - difference) - reference);
      d[i] = difference;
    }
  }

  /** Returns the least exponent. */
  private static int exponents(float[] shifted, int n, int[] ee, int at) {
    int least = ROUND_BITS;
    for (int i = 0; i < n; i++) {
      int bits = Float.floatToRawIntBits(shifted[i]);
      ee[at + i] = bits - (ROUND_BITS + BIAS);
      least = Math.min(least, bits);
    }
    return Math.max(least, 0) - ROUND_BITS; // far below, bits turn negative
  }

  private static void finish(float[] r, int n, float[] lost) {
    for (int i = 0; i < n; i++) {
      r[i] = polynomial(r[i] + lost[i]);
    }
  }

  private static int splitFar(float[] x, int width, float reference, float[] em, int[] ee, int at) {
    double least = 0;
    for (int i = 0; i < width; i++) {
      double difference = (double) x[i] - reference;
      least = difference < least ? difference : least;
      split(difference, em, ee, at + i);
    }
    return (int) (least * LOG2_E - 1);
  }

  /** Splits e<sup>difference</sup>, 0 where it is −Infinity. */
  static void split(double difference, float[] em, int[] ee, int at) {
    if (difference == Double.NEGATIVE_INFINITY) {
      em[at] = 1;
      ee[at] = ZERO;
      return;
    }
    double binary = difference * 1.4426950408889634;
    double n = binary + 0x1.8p52 - 0x1.8p52;
    em[at] = polynomial((float) ((binary - n) * 0.6931471805599453));
    ee[at] = (int) n - BIAS;
  }

  @Override
  void alpha(
      float[] m,
      int[] e,
      int from,
      int to,
      int width,
      int low,
      int high,
      Emission emission,
      int[] skip) {
    float[] em = emission.m;
    int[] ee = emission.e;
    float blankM = emission.blankM;
    int blankE = emission.blankE;
    float beforeM = m[from + width + low - 1]; // label i − 1
    int beforeE = e[from + width + low - 1];
    for (int i = low; i < high; i++) {
      float bm = m[from + i];
      int be = e[from + i];
      float lm = m[from + width + i];
      int le = e[from + width + i];

      int top = Math.max(be, beforeE);
      float sum = bm * power(be - top) + beforeM * power(beforeE - top);
      store(sum * blankM, top + blankE, m, e, to + i);

      int skipE = beforeE + skip[i];
      top = Math.max(Math.max(le, be), skipE);
      sum = lm * power(le - top) + bm * power(be - top) + beforeM * power(skipE - top);
      store(sum * em[emission.at + i], top + ee[emission.at + i], m, e, to + width + i);
      beforeM = lm;
      beforeE = le;
    }
  }

  @Override
  void beta(
      float[] m,
      int[] e,
      int from,
      int to,
      int width,
      int low,
      int high,
      Emission emission,
      int[] skip) {
    float[] em = emission.m;
    int[] ee = emission.e;
    float blankM = emission.blankM;
    int blankE = emission.blankE + BIAS;
    float afterM = m[from + width + high] * em[emission.at + high]; // label i + 1
    int afterE = e[from + width + high] + ee[emission.at + high] + BIAS;
    float afterBlankM = m[from + high] * blankM; // blank i + 1
    int afterBlankE = e[from + high] + blankE;
    int skipAfter = skip[high];
    for (int i = high - 1; i >= low; i--) {
      float bm = m[from + i] * blankM;
      int be = e[from + i] + blankE;
      float lm = m[from + width + i] * em[emission.at + i];
      int le = e[from + width + i] + ee[emission.at + i] + BIAS;

      int top = Math.max(be, le);
      store(bm * power(be - top) + lm * power(le - top), top - BIAS, m, e, to + i);

      int skipE = afterE + skipAfter;
      top = Math.max(Math.max(le, afterBlankE), skipE);
      float sum =
          lm * power(le - top)
              + afterBlankM * power(afterBlankE - top)
              + afterM * power(skipE - top);
      store(sum, top - BIAS, m, e, to + width + i);
      afterM = lm;
      afterE = le;
      afterBlankM = bm;
      afterBlankE = be;
      skipAfter = skip[i];
    }
  }

  /** Stores value · 2<sup>exponent + 127</sup> with its mantissa in [1, 2). */
  private static void store(float value, int exponent, float[] m, int[] e, int at) {
    int bits = Float.floatToRawIntBits(value);
    m[at] = Float.intBitsToFloat(bits & 0x007fffff | 0x3f800000);
    e[at] = Math.max(exponent + (bits >>> 23), ZERO);
  }

  @Override
  void posterior(
      float[] alphaM,
      int[] alphaE,
      int alphaAt,
      float[] betaM,
      int[] betaE,
      int betaAt,
      int width,
      int low,
      int high,
      int exponent,
      float[] gamma) {
    float blanks = 0;
    float labels = 0;
    for (int i = low; i < high; i++) {
      int a = alphaAt + i;
      int b = betaAt + i;
      blanks += alphaM[a] * betaM[b] * power(alphaE[a] + betaE[b] - exponent);
      a += width;
      b += width;
      float label = alphaM[a] * betaM[b] * power(alphaE[a] + betaE[b] - exponent);
      gamma[i] = label;
      labels += label;
    }
    gamma[width] = blanks;
    gamma[width + 1] = labels;
  }
}
