package org.ctc4j.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;
import static jdk.incubator.vector.VectorOperators.OR;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Vector API, in the widest vectors of the processor. With {@link VectorGroup} all that touches
 * the incubator module; loaded by name, see {@link KernelChoice}.
 *
 * <p>The polynomial in float64 is added up as a tree: what limits it in a short row is how many
 * operations wait for another one's result. In float32, where rows are long, that was slower.
 *
 * <p>What a row leaves over beyond whole vectors is done by one more vector that overlaps the last,
 * where doing an element twice does no harm. Rejected: masked loads, which Java 17 runs as a scalar
 * loop without AVX-512; {@code lanewise(MAX)} on floats, six instructions for the sake of NaN and
 * −0 where a comparison and a blend do; helper methods for what the loops have in common, which
 * take C2 past its limit of nodes, so that it stops inlining and boxes vectors: four times slower;
 * sums or maxima kept in memory from step to step, where a vector that crosses a cache line must be
 * written before it can be read; any call in a loop that carries vectors, even of a getter.
 */
final class VectorKernels extends Kernels {
  /** Rows shorter than a vector. */
  private final Kernels shortRow = new ScalarKernels();

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int FLOAT_LANES = FLOATS.length();

  /** Rows longer than this are summed by a tree: a large number would swamp many small ones. */
  private static final int LONG = 8 * FLOAT_LANES;

  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final int LANES = DOUBLES.length();
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;

  private static final float ROUND = 0x1.8p23f; // x + ROUND − ROUND is x rounded to an integer
  private static final int BIAS = 127;
  private static final float LN2_HIGH = 0x1.62e43p-1f; // ln 2 = LN2_HIGH + LN2_LOW
  private static final float LN2_LOW = -0x1.05c61p-29f;
  private static final long EXP_LEAST_BITS = Double.doubleToRawLongBits(EXP_LEAST);
  private static final double ROUND_DOUBLE = 0x1.8p52 + 1023; // and with the bias of an exponent

  /** FLOAT_LANES zeros, then as many ones: read from k, a vector whose last k elements are 1. */
  private static final float[] LAST = new float[2 * FLOAT_LANES];

  static {
    Arrays.fill(LAST, FLOAT_LANES, 2 * FLOAT_LANES, 1);
  }

  private float[] laneSums = new float[FLOAT_LANES];
  private int sumsAt;
  private double[] stripeSums = new double[LANES];

  /** Of a group. */
  private final double[] states = new double[2 * Stripes.DEEP * LANES];

  @Override
  Kernels another() {
    return new VectorKernels();
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
    if (n < FLOAT_LANES) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = at; i < at + n; i++) {
        max = x[i] > max ? x[i] : max;
      }
      return max;
    }
    FloatVector m0 = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    int i = 0;
    for (; i <= n - 2 * FLOAT_LANES; i += 2 * FLOAT_LANES) {
      FloatVector v0 = FloatVector.fromArray(FLOATS, x, at + i);
      FloatVector v1 = FloatVector.fromArray(FLOATS, x, at + i + FLOAT_LANES);
      m0 = m0.blend(v0, v0.compare(GT, m0)); // never NaN
      m1 = m1.blend(v1, v1.compare(GT, m1));
    }
    FloatVector last = FloatVector.fromArray(FLOATS, x, at + n - FLOAT_LANES);
    m0 = m0.blend(last, last.compare(GT, m0));
    if (i <= n - FLOAT_LANES) {
      last = FloatVector.fromArray(FLOATS, x, at + i);
      m1 = m1.blend(last, last.compare(GT, m1));
    }
    return m0.max(m1).reduceLanes(MAX);
  }

  @Override
  void max(DoubleRows rows, double[] max, int maxAt) {
    double[] x = rows.x;
    int n = rows.length;
    for (int row = 0; row < rows.count; row++) {
      DoubleVector m = DoubleVector.fromArray(DOUBLES, x, row * n);
      for (int i = row * n + LANES; i < row * n + n; i += LANES) {
        DoubleVector v = DoubleVector.fromArray(DOUBLES, x, i);
        m = m.blend(v, v.compare(GT, m));
      }
      max[maxAt + row] = m.reduceLanes(MAX);
    }
  }

  @Override
  boolean finite(float[] x, int at, int n) {
    int i = at;
    for (; i <= at + n - FLOAT_LANES; i += FLOAT_LANES) {
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
    if (n < FLOAT_LANES) {
      return shortRow.exp(x, at, n, shift, out, outAt);
    }
    sumsAt = 0;
    expRow(x, at, n, shift, out, outAt);
    return n > LONG ? sum(out, outAt, n) : sumOfLanes(0);
  }

  @Override
  void exp(float[] x, int rows, int n, float[] out, FrameBlock block) {
    int[] at = block.at;
    int[] outAt = block.outAt;
    double[] sums = block.sums;
    if (n < FLOAT_LANES || n > LONG) {
      for (int row = 0; row < rows; row++) {
        sums[row] = exp(x, at[row], n, 0, out, outAt[row]);
      }
      return;
    }
    laneSums = KeptArrays.atLeast(laneSums, (long) rows * FLOAT_LANES);
    for (int row = 0; row < rows; row++) {
      sumsAt = row * FLOAT_LANES;
      expRow(x, at[row], n, 0, out, outAt[row]);
    }
    for (int row = 0; row < rows; row++) { // not above, where it would wait for what was stored
      sums[row] = sumOfLanes(row * FLOAT_LANES);
    }
  }

  /** Leaves the sum of each lane in {@link #laneSums}, from {@link #sumsAt} on. */
  private void expRow(float[] x, int at, int n, float shift, float[] out, int outAt) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = 0; i < n; i += FLOAT_LANES) {
      int j = Math.min(i, n - FLOAT_LANES); // the last vector overlaps the one before
      FloatVector d = FloatVector.fromArray(FLOATS, x, at + j).sub(shift);
      d = d.blend(EXP_ZERO, d.compare(LT, EXP_ZERO)); // NaN passes
      d = d.blend(EXP_MOST, d.compare(GT, EXP_MOST));
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
      p.intoArray(out, outAt + j);
      sum = p.fma(FloatVector.fromArray(FLOATS, LAST, FLOAT_LANES - i + j), sum);
    }
    sum.intoArray(laneSums, sumsAt);
  }

  /**
   * In a fixed order. Rejected: {@code reduceLanes(ADD)}, which adds in any order it likes, and on
   * newer JVMs in another one once it is compiled: the same call would give other bits later.
   */
  private float sumOfLanes(int at) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int i = at; i < at + FLOAT_LANES; i += 4) {
      s0 += laneSums[i];
      s1 += laneSums[i + 1];
      s2 += laneSums[i + 2];
      s3 += laneSums[i + 3];
    }
    return (s0 + s1) + (s2 + s3);
  }

  @Override
  double sum(float[] x, int at, int n) {
    if (n < 8 * FLOAT_LANES) {
      return shortRow.sum(x, at, n);
    }
    laneSums = KeptArrays.atLeast(laneSums, n / 8);
    int whole = n / (8 * FLOAT_LANES) * (8 * FLOAT_LANES);
    sumEights(x, at, whole, laneSums);
    return shortRow.sum(laneSums, 0, whole / 8) + shortRow.sum(x, at + whole, n - whole);
  }

  /** Adds vectors eight by eight, as a tree, so that a large number swamps few small ones. */
  private static void sumEights(float[] x, int at, int n, float[] sums) {
    for (int i = 0; i < n; i += 8 * FLOAT_LANES) {
      int j = at + i;
      FloatVector s0 =
          FloatVector.fromArray(FLOATS, x, j)
              .add(FloatVector.fromArray(FLOATS, x, j + FLOAT_LANES));
      FloatVector s1 =
          FloatVector.fromArray(FLOATS, x, j + 2 * FLOAT_LANES)
              .add(FloatVector.fromArray(FLOATS, x, j + 3 * FLOAT_LANES));
      FloatVector s2 =
          FloatVector.fromArray(FLOATS, x, j + 4 * FLOAT_LANES)
              .add(FloatVector.fromArray(FLOATS, x, j + 5 * FLOAT_LANES));
      FloatVector s3 =
          FloatVector.fromArray(FLOATS, x, j + 6 * FLOAT_LANES)
              .add(FloatVector.fromArray(FLOATS, x, j + 7 * FLOAT_LANES));
      s0.add(s1).add(s2.add(s3)).intoArray(sums, i / 8);
    }
  }

  @Override
  void scale(float[] x, int at, int n, float factor) {
    if (n < FLOAT_LANES) {
      shortRow.scale(x, at, n, factor);
      return;
    }
    FloatVector last = FloatVector.fromArray(FLOATS, x, at + n - FLOAT_LANES).mul(factor);
    for (int i = at; i < at + n - FLOAT_LANES; i += FLOAT_LANES) {
      FloatVector.fromArray(FLOATS, x, i).mul(factor).intoArray(x, i);
    }
    last.intoArray(x, at + n - FLOAT_LANES);
  }

  @Override
  double exp(DoubleRows x, double[] shifts, int shiftsAt, double[] out, int outAt) {
    int n = x.length;
    long least = Long.MAX_VALUE;
    for (int row = 0; row < x.count; row++) {
      long ofRow = expRow(x.x, row * n, n, shifts[shiftsAt + row], out, outAt + row * n);
      least = Math.min(ofRow, least);
    }
    return Double.longBitsToDouble(least);
  }

  /**
   * Returns the bits of the least. Limits by comparing bits as integers, which is one instruction:
   * those of numbers less than 0 grow as the numbers fall, and those of numbers greater than 0 as
   * they do.
   */
  private static long expRow(double[] x, int at, int n, double shift, double[] out, int outAt) {
    LongVector least = LongVector.broadcast(LONGS, Long.MAX_VALUE);
    for (int i = 0; i < n; i += LANES) {
      DoubleVector d =
          DoubleVector.fromArray(DOUBLES, x, at + i)
              .sub(shift)
              .reinterpretAsLongs()
              .lanewise(OR, Long.MIN_VALUE) // 0 becomes −0
              .min(LongVector.broadcast(LONGS, EXP_LEAST_BITS))
              .reinterpretAsDoubles();
      DoubleVector shifted =
          d.fma(
              DoubleVector.broadcast(DOUBLES, LOG2_E_DOUBLE),
              DoubleVector.broadcast(DOUBLES, ROUND_DOUBLE));
      DoubleVector r = shifted.sub(ROUND_DOUBLE).fma(DoubleVector.broadcast(DOUBLES, -LN2), d);
      DoubleVector r2 = r.mul(r);
      DoubleVector r4 = r2.mul(r2);
      DoubleVector p01 = r.add(1);
      DoubleVector p23 =
          r.fma(DoubleVector.broadcast(DOUBLES, D3), DoubleVector.broadcast(DOUBLES, D2));
      DoubleVector p45 =
          r.fma(DoubleVector.broadcast(DOUBLES, D5), DoubleVector.broadcast(DOUBLES, D4));
      DoubleVector p67 =
          r.fma(DoubleVector.broadcast(DOUBLES, D7), DoubleVector.broadcast(DOUBLES, D6));
      DoubleVector p89 =
          r.fma(DoubleVector.broadcast(DOUBLES, D9), DoubleVector.broadcast(DOUBLES, D8));
      DoubleVector p8 = r2.fma(DoubleVector.broadcast(DOUBLES, D10), p89);
      DoubleVector p = r4.fma(r4.fma(p8, r2.fma(p67, p45)), r2.fma(p23, p01));
      p = p.mul(shifted.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles());
      p.intoArray(out, outAt + i);
      least = least.min(p.reinterpretAsLongs());
    }
    return least.reduceLanes(MIN);
  }

  @Override
  void alpha(LatticeRows rows) {
    Stripes stripes = rows.stripes;
    boolean deep = stripes.depth() == Stripes.DEEP;
    for (int g = 0; g < stripes.groups(); g++) {
      if (deep) {
        VectorGroup.alpha(rows, g);
      } else {
        alpha(rows, g);
      }
    }
  }

  private void alpha(LatticeRows rows, int group) {
    double[] m = rows.m;
    int from = rows.from;
    int to = rows.to;
    int count = rows.count;
    Stripes stripes = rows.stripes;
    double[] skip = rows.target.skipAt;
    Scale scale = rows.scale;
    EmissionRows emission = rows.emission;
    int width = stripes.width();
    int rowLength = stripes.rowLength();
    int stripe = group * LANES;
    int length = stripes.depth() * LANES;
    int base = group * length;
    double[] x = take(rows, base, length, stripe);
    double[] p = emission.p;
    double last = group == 0 ? 0 : m[from + width + base - 1] * scale.rescale[stripe - 1];
    double[] factors = scale.factors;
    int at = emission.at(rows.t);
    int atStep = emission.rowLength();
    for (int frame = 0; frame < count; frame++) {
      double blank = p[at + width];
      DoubleVector before =
          DoubleVector.fromArray(DOUBLES, x, 2 * length - LANES)
              .rearrange(VectorGroup.UP)
              .withLane(0, last)
              .mul(DoubleVector.fromArray(DOUBLES, factors, stripe));
      for (int i = 0; i < length; i += LANES) {
        DoubleVector b = DoubleVector.fromArray(DOUBLES, x, i);
        DoubleVector l = DoubleVector.fromArray(DOUBLES, x, length + i);
        DoubleVector newB = b.add(before).mul(blank);
        newB.intoArray(x, i);
        newB.intoArray(m, to + base + i);
        DoubleVector newL =
            before
                .fma(DoubleVector.fromArray(DOUBLES, skip, base + i), b.add(l))
                .mul(DoubleVector.fromArray(DOUBLES, p, at + base + i));
        newL.intoArray(x, length + i);
        newL.intoArray(m, to + width + base + i);
        before = l;
      }
      last = group == 0 ? 0 : m[to + width + base - 1];
      to += rowLength;
      at += atStep;
    }
    sum(x, length, scale.sums, stripe);
  }

  /** A group's blanks, then its labels, in the exponents that they are to have. */
  private double[] take(LatticeRows rows, int base, int length, int stripe) {
    double[] m = rows.m;
    int blanks = rows.from + base;
    int labels = blanks + rows.stripes.width();
    DoubleVector factor = DoubleVector.fromArray(DOUBLES, rows.scale.rescale, stripe);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector.fromArray(DOUBLES, m, blanks + i).mul(factor).intoArray(states, i);
      DoubleVector.fromArray(DOUBLES, m, labels + i).mul(factor).intoArray(states, length + i);
    }
    return states;
  }

  private static void sum(double[] x, int length, double[] sums, int stripe) {
    DoubleVector sum = DoubleVector.zero(DOUBLES);
    for (int i = 0; i < 2 * length; i += LANES) {
      sum = sum.add(DoubleVector.fromArray(DOUBLES, x, i));
    }
    sum.intoArray(sums, stripe);
  }

  @Override
  void beta(LatticeRows rows) {
    Stripes stripes = rows.stripes;
    boolean deep = stripes.depth() == Stripes.DEEP;
    for (int g = stripes.groups() - 1; g >= 0; g--) {
      if (deep) {
        VectorGroup.beta(rows, g);
      } else {
        beta(rows, g);
      }
    }
  }

  private void beta(LatticeRows rows, int group) {
    double[] m = rows.m;
    int from = rows.from;
    int to = rows.to;
    int count = rows.count;
    Stripes stripes = rows.stripes;
    double[] skip = rows.target.skipAt;
    Scale scale = rows.scale;
    EmissionRows emission = rows.emission;
    int width = stripes.width();
    int rowLength = stripes.rowLength();
    int stripe = group * LANES;
    int length = stripes.depth() * LANES;
    int base = group * length;
    double[] x = take(rows, base, length, stripe);
    double[] p = emission.p;
    double[] factors = scale.factors;
    int at = emission.at(rows.t);
    int atStep = emission.rowLength();
    int next = base + length; // the first place of the group after
    boolean hasNext = next < width;
    double nextSkip = hasNext ? skip[next] : 0;
    double nextBlank = hasNext ? m[from + next] * scale.rescale[stripe + LANES] : 0;
    double nextLabel = hasNext ? m[from + width + next] * scale.rescale[stripe + LANES] : 0;
    for (int frame = 0; frame < count; frame++) {
      double blank = p[at + width];
      double first = hasNext ? nextBlank * blank + nextSkip * nextLabel * p[at + next] : 0;
      DoubleVector b = DoubleVector.fromArray(DOUBLES, x, 0).mul(blank);
      DoubleVector l =
          DoubleVector.fromArray(DOUBLES, x, length)
              .mul(DoubleVector.fromArray(DOUBLES, p, at + base));
      DoubleVector newB = b.add(l);
      newB.intoArray(x, 0);
      newB.intoArray(m, to + base);
      // what reaches a label from the blank and the label after it
      DoubleVector afterLast =
          l.fma(DoubleVector.fromArray(DOUBLES, skip, base), b)
              .rearrange(VectorGroup.DOWN)
              .withLane(LANES - 1, first)
              .mul(DoubleVector.fromArray(DOUBLES, factors, stripe));
      for (int i = LANES; i < length; i += LANES) {
        b = DoubleVector.fromArray(DOUBLES, x, i).mul(blank);
        DoubleVector before = l;
        l =
            DoubleVector.fromArray(DOUBLES, x, length + i)
                .mul(DoubleVector.fromArray(DOUBLES, p, at + base + i));
        newB = b.add(l);
        newB.intoArray(x, i);
        newB.intoArray(m, to + base + i);
        DoubleVector newL = l.fma(DoubleVector.fromArray(DOUBLES, skip, base + i), b).add(before);
        newL.intoArray(x, length + i - LANES);
        newL.intoArray(m, to + width + base + i - LANES);
      }
      DoubleVector newL = l.add(afterLast);
      newL.intoArray(x, 2 * length - LANES);
      newL.intoArray(m, to + width + next - LANES);
      nextBlank = hasNext ? m[to + next] : 0;
      nextLabel = hasNext ? m[to + width + next] : 0;
      to += rowLength;
      at -= atStep;
    }
    sum(x, length, scale.sums, stripe);
  }

  @Override
  void products(RowCursor a, RowCursor b, PosteriorScaling scaling, ProductRows into) {
    stripeSums = KeptArrays.atLeast(stripeSums, (long) into.count * LANES);
    boolean deep = scaling.stripes.depth() == Stripes.DEEP;
    Arrays.fill(into.ofBlanks, 0, into.count, 0);
    for (int g = 0; g < scaling.stripes.groups(); g++) {
      if (deep) {
        VectorGroup.products(a, b, scaling, g, into, stripeSums);
      } else {
        products(a, b, scaling, g, into);
      }
      for (int frame = 0; frame < into.count; frame++) {
        into.ofBlanks[frame] += sumOfStripes(frame * LANES);
      }
    }
  }

  private void products(
      RowCursor a, RowCursor b, PosteriorScaling scaling, int group, ProductRows into) {
    double[] x = a.m;
    double[] y = b.m;
    double[] products = into.ofStates;
    double[] sums = stripeSums;
    int count = into.count;
    int width = scaling.stripes.width();
    int length = scaling.stripes.depth() * LANES;
    DoubleVector factor = DoubleVector.fromArray(DOUBLES, scaling.factors, group * LANES);
    DoubleVector least = DoubleVector.fromArray(DOUBLES, scaling.least, group * LANES);
    int base = group * length;
    int xStep = a.step;
    int yStep = b.step;
    int xAt = a.at + base;
    int yAt = b.at + base;
    int at = base;
    for (int frame = 0; frame < count; frame++) {
      DoubleVector sum = DoubleVector.zero(DOUBLES);
      for (int i = 0; i < length; i += LANES) {
        DoubleVector ofBlank =
            DoubleVector.fromArray(DOUBLES, x, xAt + i)
                .mul(DoubleVector.fromArray(DOUBLES, y, yAt + i));
        ofBlank = ofBlank.blend(0, ofBlank.compare(LT, least)).mul(factor);
        ofBlank.intoArray(products, at + i);
        sum = sum.add(ofBlank);
        DoubleVector ofLabel =
            DoubleVector.fromArray(DOUBLES, x, xAt + width + i)
                .mul(DoubleVector.fromArray(DOUBLES, y, yAt + width + i));
        ofLabel = ofLabel.blend(0, ofLabel.compare(LT, least)).mul(factor);
        ofLabel.intoArray(products, at + width + i);
      }
      sum.intoArray(sums, frame * LANES);
      xAt += xStep;
      yAt += yStep;
      at += 2 * width;
    }
  }

  /** In a fixed order too. */
  private double sumOfStripes(int at) {
    double s0 = 0;
    double s1 = 0;
    for (int i = at; i < at + LANES; i += 2) {
      s0 += stripeSums[i];
      s1 += stripeSums[i + 1];
    }
    return s0 + s1;
  }
}
