package org.ctc4j.cpu;

import static org.ctc4j.cpu.Extended.BIAS;
import static org.ctc4j.cpu.Extended.ZERO;
import static org.ctc4j.cpu.Extended.power;

/**
 * Plain Java, for any JVM.
 *
 * <p>Loops over whole rows keep four accumulators, since one would wait for each addition.
 * Rejected: {@code Math.fma}, which is an exact but very slow library call on processors without
 * the instruction; {@code Math.max} on floats, whose rules for NaN and −0 cost more than a
 * comparison.
 */
final class ScalarKernels extends Kernels {
  private static final float ROUND = 0x1.8p23f; // x + ROUND − ROUND is x rounded to an integer
  private static final float LN2_HIGH = 0x1.63p-1f; // few bits, so that multiples are exact
  private static final float LN2_LOW = -0x1.bd0106p-13f;

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
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      float e0 = exp(x[at + i] - shift);
      float e1 = exp(x[at + i + 1] - shift);
      float e2 = exp(x[at + i + 2] - shift);
      float e3 = exp(x[at + i + 3] - shift);
      out[outAt + i] = e0;
      out[outAt + i + 1] = e1;
      out[outAt + i + 2] = e2;
      out[outAt + i + 3] = e3;
      s0 += e0;
      s1 += e1;
      s2 += e2;
      s3 += e3;
    }
    for (; i < n; i++) {
      float e = exp(x[at + i] - shift);
      out[outAt + i] = e;
      s0 += e;
    }
    return (s0 + s1) + (s2 + s3);
  }

  private static float exp(float x) {
    float d = x < EXP_ZERO ? EXP_ZERO : x; // NaN passes
    float shifted = d * LOG2_E + (ROUND + BIAS);
    float n = shifted - (ROUND + BIAS);
    float r = d - n * LN2_HIGH - n * LN2_LOW;
    return polynomial(r) * Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << 23);
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
  void alpha(float[] m, int[] e, int from, int to, int width, Emission emission, int[] skip) {
    float[] em = emission.m;
    int[] ee = emission.e;
    float blankM = emission.blankM;
    int blankE = emission.blankE;
    float beforeM = 1; // label i − 1
    int beforeE = ZERO;
    for (int i = 0; i < width; i++) {
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
  void beta(float[] m, int[] e, int from, int to, int width, Emission emission, int[] skip) {
    float[] em = emission.m;
    int[] ee = emission.e;
    float blankM = emission.blankM;
    int blankE = emission.blankE + BIAS;
    float afterM = 1; // label i + 1
    int afterE = ZERO;
    float afterBlankM = 1; // blank i + 1
    int afterBlankE = ZERO;
    int skipAfter = ZERO;
    for (int i = width - 1; i >= 0; i--) {
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
      int exponent,
      float[] gamma) {
    float blanks = 0;
    float labels = 0;
    for (int i = 0; i < width; i++) {
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
