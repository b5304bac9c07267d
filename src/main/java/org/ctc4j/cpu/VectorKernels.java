package org.ctc4j.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;
import static org.ctc4j.cpu.Extended.BIAS;
import static org.ctc4j.cpu.Extended.ZERO;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Vector API, in the widest vectors of the processor. The one class that touches the incubator
 * module; loaded by name, see {@link KernelChoice}.
 *
 * <p>What a row leaves over beyond whole vectors is done by one more vector that overlaps the last,
 * where doing an element twice does no harm. Rejected: masked loads, which Java 17 runs as a scalar
 * loop without AVX-512; {@code lanewise(MAX)} on floats, six instructions for the sake of NaN and
 * −0 where a comparison and a blend do; helper methods for what the loops have in common, which
 * take C2 past its limit of nodes, so that it stops inlining and boxes vectors: four times slower.
 */
final class VectorKernels extends Kernels {
  /** Rows shorter than a vector. */
  private final Kernels shortRow = new ScalarKernels();

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final int LANES = FLOATS.length();

  private static final float ROUND = 0x1.8p23f; // x + ROUND − ROUND is x rounded to an integer
  private static final int ROUND_BITS = 0x4b400000;
  private static final float LN2_HIGH = 0x1.62e43p-1f; // ln 2 = LN2_HIGH + LN2_LOW
  private static final float LN2_LOW = -0x1.05c61p-29f;
  private static final int FRACTION = 0x007fffff;
  private static final int ONE = 0x3f800000;

  /** LANES zeros, then as many ones: read from {@code k}, a vector whose last k elements are 1. */
  private static final float[] LAST = new float[2 * LANES];

  static {
    Arrays.fill(LAST, LANES, 2 * LANES, 1);
  }

  private final float[] lanes = new float[LANES];

  @Override
  Kernels another() {
    return new VectorKernels();
  }

  /**
   * The sum of {@link #lanes}, in a fixed order. Rejected: {@code reduceLanes(ADD)}, which adds in
   * any order it likes, and on newer JVMs in another one once it is compiled: the same call would
   * give other bits later; a method that takes the vector, which C2 boxes for it.
   */
  private float sumOfLanes() {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  @Override
  String name() {
    return "vector " + FLOATS.vectorBitSize() + "-bit";
  }

  @Override
  int lanes() {
    return LANES;
  }

  @Override
  float max(float[] x, int at, int n) {
    if (n < LANES) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = at; i < at + n; i++) {
        max = x[i] > max ? x[i] : max;
      }
      return max;
    }
    FloatVector m0 = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    int i = 0;
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      FloatVector v0 = FloatVector.fromArray(FLOATS, x, at + i);
      FloatVector v1 = FloatVector.fromArray(FLOATS, x, at + i + LANES);
      m0 = m0.blend(v0, v0.compare(GT, m0)); // never NaN
      m1 = m1.blend(v1, v1.compare(GT, m1));
    }
    FloatVector last = FloatVector.fromArray(FLOATS, x, at + n - LANES);
    m0 = m0.blend(last, last.compare(GT, m0));
    if (i <= n - LANES) {
      last = FloatVector.fromArray(FLOATS, x, at + i);
      m1 = m1.blend(last, last.compare(GT, m1));
    }
    return m0.max(m1).reduceLanes(MAX);
  }

  @Override
  boolean finite(float[] x, int at, int n) {
    int i = at;
    for (; i <= at + n - LANES; i += LANES) {
      if (!FloatVector.fromArray(FLOATS, x, i).compare(LT, Float.POSITIVE_INFINITY).allTrue()) {
        return false;
      }
    }
    for (; i < at + n; i++) {
      if (!(x[i] < Float.POSITIVE_INFINITY)) {
        return false;
      }
    }
    return true;
  }

  @Override
  double exp(float[] x, int at, int n, float shift, float[] out, int outAt) {
    if (n < LANES) {
      return shortRow.exp(x, at, n, shift, out, outAt);
    }
    int whole = n / LANES * LANES;
    double sum = exp(x, at, whole, shift, out, outAt, LANES);
    return whole == n
        ? sum
        : sum + exp(x, at + n - LANES, LANES, shift, out, outAt + n - LANES, n - whole);
  }

  /** As above for whole vectors, of which the last {@code counted} elements go into the sum. */
  private double exp(float[] x, int at, int n, float shift, float[] out, int outAt, int counted) {
    FloatVector count = FloatVector.fromArray(FLOATS, LAST, counted);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector d = FloatVector.fromArray(FLOATS, x, at + i).sub(shift);
      d = d.blend(EXP_ZERO, d.compare(LT, EXP_ZERO)); // NaN passes
      FloatVector shifted =
          d.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND + BIAS));
      FloatVector k = shifted.sub(ROUND + BIAS);
      FloatVector r =
          k.fma(
              FloatVector.broadcast(FLOATS, -LN2_LOW),
              k.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), d));
      FloatVector p = r.fma(FloatVector.broadcast(FLOATS, C6), FloatVector.broadcast(FLOATS, C5));
      p =
          p.fma(r, FloatVector.broadcast(FLOATS, C4))
              .fma(r, FloatVector.broadcast(FLOATS, C3))
              .fma(r, FloatVector.broadcast(FLOATS, C2));
      p = p.mul(r).fma(r, r).add(1);
      p = p.mul(shifted.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
      p.intoArray(out, outAt + i);
      sum = p.fma(count, sum);
    }
    sum.intoArray(lanes, 0);
    return sumOfLanes();
  }

  @Override
  double sumBelowOne(float[] x, int at, int n) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = at;
    for (; i <= at + n - LANES; i += LANES) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, i);
      sum = sum.add(FloatVector.zero(FLOATS).blend(v, v.compare(LT, 1f)));
    }
    sum.intoArray(lanes, 0);
    return sumOfLanes() + shortRow.sumBelowOne(x, i, at + n - i);
  }

  @Override
  void scale(float[] x, int at, int n, float factor) {
    int i = at;
    for (; i <= at + n - LANES; i += LANES) {
      FloatVector.fromArray(FLOATS, x, i).mul(factor).intoArray(x, i);
    }
    for (; i < at + n; i++) {
      x[i] *= factor;
    }
  }

  @Override
  int split(float[] x, int width, float reference, float[] em, int[] ee, int at) {
    IntVector least = IntVector.broadcast(INTS, ROUND_BITS);
    for (int i = 0; i < width; i += LANES) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, i);
      FloatVector d = v.sub(reference);
      // what rounding took from v − reference (Knuth's TwoSum)
      FloatVector back = d.add(reference);
      FloatVector lost = v.sub(back).add(back.sub(d).sub(reference));
      FloatVector shifted =
          d.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND));
      FloatVector n = shifted.sub(ROUND);
      FloatVector r =
          n.fma(
                  FloatVector.broadcast(FLOATS, -LN2_LOW),
                  n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), d))
              .add(lost);
      IntVector bits = shifted.reinterpretAsInts();
      least = least.min(bits);
      FloatVector p = r.fma(FloatVector.broadcast(FLOATS, C6), FloatVector.broadcast(FLOATS, C5));
      p =
          p.fma(r, FloatVector.broadcast(FLOATS, C4))
              .fma(r, FloatVector.broadcast(FLOATS, C3))
              .fma(r, FloatVector.broadcast(FLOATS, C2));
      p.mul(r).fma(r, r).add(1).intoArray(em, at + i);
      bits.sub(ROUND_BITS + BIAS).intoArray(ee, at + i);
    }
    return Math.max(least.reduceLanes(MIN), 0) - ROUND_BITS; // far below, bits turn negative
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
    alphaBlanks(m, e, from, to, width, low, high, emission.blankM, emission.blankE);
    alphaLabels(m, e, from, to, width, low, high, emission.m, emission.e, emission.at, skip);
  }

  private static void alphaBlanks(
      float[] m,
      int[] e,
      int from,
      int to,
      int width,
      int low,
      int high,
      float blankM,
      int blankE) {
    for (int i = low; i < high; i += LANES) {
      FloatVector bm = FloatVector.fromArray(FLOATS, m, from + i);
      IntVector be = IntVector.fromArray(INTS, e, from + i);
      // label −1 is the last padding of the blanks, which is 0
      FloatVector lm = FloatVector.fromArray(FLOATS, m, from + width + i - 1);
      IntVector le = IntVector.fromArray(INTS, e, from + width + i - 1);
      IntVector top = be.max(le);
      IntVector base = top.sub(BIAS);
      FloatVector sum =
          lm.fma(
              le.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(),
              bm.mul(be.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats()));
      IntVector bits = sum.mul(blankM).reinterpretAsInts();
      bits.and(FRACTION).or(ONE).reinterpretAsFloats().intoArray(m, to + i);
      top.add(blankE).add(bits.lanewise(LSHR, 23)).max(ZERO).intoArray(e, to + i);
    }
  }

  private static void alphaLabels(
      float[] m,
      int[] e,
      int from,
      int to,
      int width,
      int low,
      int high,
      float[] em,
      int[] ee,
      int at,
      int[] skip) {
    for (int i = low; i < high; i += LANES) {
      int label = from + width + i;
      IntVector be = IntVector.fromArray(INTS, e, from + i);
      IntVector le = IntVector.fromArray(INTS, e, label);
      IntVector skipE =
          IntVector.fromArray(INTS, e, label - 1).add(IntVector.fromArray(INTS, skip, i));
      IntVector top = le.max(be).max(skipE);
      IntVector base = top.sub(BIAS);
      FloatVector sum =
          FloatVector.fromArray(FLOATS, m, label)
              .mul(le.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats());
      sum =
          FloatVector.fromArray(FLOATS, m, from + i)
              .fma(be.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(), sum);
      sum =
          FloatVector.fromArray(FLOATS, m, label - 1)
              .fma(skipE.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(), sum);
      IntVector bits = sum.mul(FloatVector.fromArray(FLOATS, em, at + i)).reinterpretAsInts();
      bits.and(FRACTION).or(ONE).reinterpretAsFloats().intoArray(m, to + width + i);
      top.add(IntVector.fromArray(INTS, ee, at + i))
          .add(bits.lanewise(LSHR, 23))
          .max(ZERO)
          .intoArray(e, to + width + i);
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
    betaBlanks(m, e, from, to, width, low, high, emission);
    betaLabels(m, e, from, to, width, low, high, emission, skip);
  }

  private static void betaBlanks(
      float[] m, int[] e, int from, int to, int width, int low, int high, Emission emission) {
    float[] em = emission.m;
    int[] ee = emission.e;
    int at = emission.at;
    float blankM = emission.blankM;
    int blankE = emission.blankE;
    for (int i = low; i < high; i += LANES) {
      int label = from + width + i;
      IntVector be = IntVector.fromArray(INTS, e, from + i).add(blankE);
      IntVector le = IntVector.fromArray(INTS, e, label).add(IntVector.fromArray(INTS, ee, at + i));
      IntVector top = be.max(le);
      IntVector base = top.sub(BIAS);
      FloatVector lm =
          FloatVector.fromArray(FLOATS, m, label).mul(FloatVector.fromArray(FLOATS, em, at + i));
      FloatVector bm = FloatVector.fromArray(FLOATS, m, from + i).mul(blankM);
      IntVector bits =
          lm.fma(
                  le.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(),
                  bm.mul(be.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats()))
              .reinterpretAsInts();
      bits.and(FRACTION).or(ONE).reinterpretAsFloats().intoArray(m, to + i);
      top.add(bits.lanewise(LSHR, 23)).max(ZERO).intoArray(e, to + i);
    }
  }

  private static void betaLabels(
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
    int at = emission.at;
    float blankM = emission.blankM;
    int blankE = emission.blankE;
    for (int i = low; i < high; i += LANES) {
      int label = from + width + i;
      IntVector le = IntVector.fromArray(INTS, e, label).add(IntVector.fromArray(INTS, ee, at + i));
      IntVector be = IntVector.fromArray(INTS, e, from + i + 1).add(blankE);
      IntVector skipE =
          IntVector.fromArray(INTS, e, label + 1)
              .add(IntVector.fromArray(INTS, ee, at + i + 1))
              .add(IntVector.fromArray(INTS, skip, i + 1));
      IntVector top = le.max(be).max(skipE);
      IntVector base = top.sub(BIAS);
      FloatVector sum =
          FloatVector.fromArray(FLOATS, m, label)
              .mul(FloatVector.fromArray(FLOATS, em, at + i))
              .mul(le.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats());
      FloatVector bm = FloatVector.fromArray(FLOATS, m, from + i + 1).mul(blankM);
      sum = bm.fma(be.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(), sum);
      FloatVector skipM =
          FloatVector.fromArray(FLOATS, m, label + 1)
              .mul(FloatVector.fromArray(FLOATS, em, at + i + 1));
      sum = skipM.fma(skipE.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(), sum);
      IntVector bits = sum.reinterpretAsInts();
      bits.and(FRACTION).or(ONE).reinterpretAsFloats().intoArray(m, to + width + i);
      top.add(bits.lanewise(LSHR, 23)).max(ZERO).intoArray(e, to + width + i);
    }
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
    int base = exponent - BIAS;
    FloatVector blanks = FloatVector.zero(FLOATS);
    FloatVector labels = blanks;
    for (int i = low; i < high; i += LANES) {
      int a = alphaAt + i;
      int b = betaAt + i;
      IntVector e = IntVector.fromArray(INTS, alphaE, a).add(IntVector.fromArray(INTS, betaE, b));
      FloatVector m =
          FloatVector.fromArray(FLOATS, alphaM, a).mul(FloatVector.fromArray(FLOATS, betaM, b));
      blanks = m.fma(e.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats(), blanks);

      a += width;
      b += width;
      e = IntVector.fromArray(INTS, alphaE, a).add(IntVector.fromArray(INTS, betaE, b));
      m = FloatVector.fromArray(FLOATS, alphaM, a).mul(FloatVector.fromArray(FLOATS, betaM, b));
      m = m.mul(e.sub(base).max(0).lanewise(LSHL, 23).reinterpretAsFloats());
      m.intoArray(gamma, i);
      labels = labels.add(m);
    }
    blanks.intoArray(lanes, 0);
    gamma[width] = sumOfLanes();
    labels.intoArray(lanes, 0);
    gamma[width + 1] = sumOfLanes();
  }
}
