package org.ctc4j.cpu;

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
 * long row takes a block at a time to arrays of its own and makes each step a loop, and the lattice
 * does so with a row.
 */
final class ScalarKernels extends Kernels {
  private static final float ROUND = 0x1.8p23f; // x + ROUND − ROUND is x rounded to an integer
  private static final int BIAS = 127;
  private static final float LN2_HIGH = 0x1.63p-1f; // few bits, so that multiples are exact
  private static final float LN2_LOW = -0x1.bd0106p-13f;

  private static final double ROUND_DOUBLE = 0x1.8p52 + 1023; // and with the bias of an exponent

  /** Stripes stand side by side for whatever vectors C2 makes of loops. */
  private static final int LANES = 8;

  /** Shorter rows are not worth the trip through blocks. */
  private static final int SHORT = 64;

  private static final int BLOCK = 512;

  private final float[] differences = new float[BLOCK];
  private final float[] exponents = new float[BLOCK];

  // of a row of the lattice, blanks and labels apart
  private double[] blanks = {};
  private double[] labels = {};
  private double[] neighbours = {};
  private double[] probabilities = {};
  private double[] leaving = {};

  private double[] doubleDifferences = {};
  private double[] doubleExponents = {};

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
    return LANES;
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
  void max(DoubleRows rows, double[] max, int maxAt) {
    double[] x = rows.x;
    int n = rows.length;
    for (int row = 0; row < rows.count; row++) {
      double m = Double.NEGATIVE_INFINITY;
      for (int i = row * n; i < row * n + n; i++) {
        m = x[i] > m ? x[i] : m;
      }
      max[maxAt + row] = m;
    }
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
      sum += sum(e, 0, count);
    }
    return sum;
  }

  @Override
  void exp(float[] x, int rows, int n, float[] out, FrameBlock block) {
    for (int row = 0; row < rows; row++) {
      block.sums[row] = exp(x, block.at[row], n, 0, out, block.outAt[row]);
    }
  }

  private static float exp(float x) {
    float d = x < EXP_ZERO ? EXP_ZERO : x > EXP_MOST ? EXP_MOST : x; // NaN passes
    float shifted = d * LOG2_E + (ROUND + BIAS);
    float n = shifted - (ROUND + BIAS);
    float r = d - n * LN2_HIGH - n * LN2_LOW;
    return polynomial(r) * Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << 23);
  }

  // the same as above, one loop for each step

  private static void limit(float[] d, int n, float shift) {
    for (int i = 0; i < n; i++) {
      d[i] = Math.min(Math.max(d[i] - shift, EXP_ZERO), EXP_MOST);
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

  /** e<sup>r</sup>, |r| ≤ ln(2)/2. */
  private static float polynomial(float r) {
    return 1 + (r + r * r * (C2 + r * (C3 + r * (C4 + r * (C5 + r * C6)))));
  }

  @Override
  double sum(float[] x, int at, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = at;
    int end = at + n;
    for (; i < end - 3; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < end; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  @Override
  void scale(float[] x, int at, int n, float factor) {
    for (int i = at; i < at + n; i++) {
      x[i] *= factor;
    }
  }

  @Override
  double exp(DoubleRows rows, double[] shifts, int shiftsAt, double[] out, int outAt) {
    double[] x = rows.x;
    int n = rows.length;
    int length = rows.count * n;
    doubleDifferences = KeptArrays.atLeast(doubleDifferences, length);
    doubleExponents = KeptArrays.atLeast(doubleExponents, length);
    double[] d = doubleDifferences;
    double[] shifted = doubleExponents;
    for (int row = 0; row < rows.count; row++) {
      double shift = shifts[shiftsAt + row];
      for (int i = row * n; i < row * n + n; i++) {
        d[i] = x[i] - shift;
      }
    }
    double least = limit(d, length);
    reduce(d, length, shifted);
    toPowers(shifted, length);
    multiply(d, length, shifted);
    System.arraycopy(shifted, 0, out, outAt, length);
    return Math.exp(Math.max(least, EXP_LEAST));
  }

  /** Returns the least. */
  private static double limit(double[] d, int n) {
    double least = 0;
    for (int i = 0; i < n; i++) {
      least = Math.min(d[i], least);
      d[i] = Math.max(d[i], EXP_LEAST);
    }
    return least;
  }

  private static void reduce(double[] d, int n, double[] shifted) {
    for (int i = 0; i < n; i++) {
      double s = d[i] * LOG2_E_DOUBLE + ROUND_DOUBLE;
      d[i] = d[i] - (s - ROUND_DOUBLE) * LN2;
      shifted[i] = s;
    }
  }

  private static void toPowers(double[] shifted, int n) {
    for (int i = 0; i < n; i++) {
      shifted[i] = Double.longBitsToDouble(Double.doubleToRawLongBits(shifted[i]) << 52);
    }
  }

  private static void multiply(double[] r, int n, double[] powers) {
    for (int i = 0; i < n; i++) {
      double x = r[i];
      double high = D6 + x * (D7 + x * (D8 + x * (D9 + x * D10)));
      powers[i] *= 1 + (x + x * x * (D2 + x * (D3 + x * (D4 + x * (D5 + x * high)))));
    }
  }

  @Override
  void alpha(LatticeRows rows) {
    Stripes stripes = rows.stripes;
    Scale scale = rows.scale;
    EmissionRows emission = rows.emission;
    int width = stripes.width();
    take(rows.m, rows.from, width);
    multiply(width, stripes, scale.rescale);
    for (int i = 0; i < rows.count; i++) {
      int at = emission.at(rows.t + i);
      System.arraycopy(emission.p, at, probabilities, 0, width);
      before(labels, stripes, scale.factors, neighbours);
      alphaLabels(labels, blanks, neighbours, rows.target.skipAt, probabilities, width);
      alphaBlanks(blanks, neighbours, emission.p[at + width], width);
      give(rows.m, rows.to + i * stripes.rowLength(), width);
    }
    sum(stripes, scale.sums);
  }

  private void take(double[] m, int from, int width) {
    blanks = KeptArrays.atLeast(blanks, width);
    labels = KeptArrays.atLeast(labels, width);
    neighbours = KeptArrays.atLeast(neighbours, width);
    probabilities = KeptArrays.atLeast(probabilities, width);
    System.arraycopy(m, from, blanks, 0, width);
    System.arraycopy(m, from + width, labels, 0, width);
  }

  private void give(double[] m, int to, int width) {
    System.arraycopy(blanks, 0, m, to, width);
    System.arraycopy(labels, 0, m, to + width, width);
  }

  /** into[i] = x of the label before. */
  private static void before(double[] x, Stripes stripes, double[] factors, double[] into) {
    int lanes = stripes.lanes();
    int rest = (stripes.depth() - 1) * lanes;
    for (int g = 0; g < stripes.groups(); g++) {
      int base = g * (rest + lanes);
      System.arraycopy(x, base, into, base + lanes, rest);
      into[base] = g > 0 ? x[base - 1] * factors[g * lanes] : 0;
      for (int k = 1; k < lanes; k++) {
        into[base + k] = x[base + rest + k - 1] * factors[g * lanes + k];
      }
    }
  }

  /** into[i] = x of the label after. */
  private static void after(double[] x, Stripes stripes, double[] factors, double[] into) {
    int lanes = stripes.lanes();
    int rest = (stripes.depth() - 1) * lanes;
    for (int g = 0; g < stripes.groups(); g++) {
      int base = g * (rest + lanes);
      int last = g * lanes + lanes - 1;
      System.arraycopy(x, base + lanes, into, base, rest);
      for (int k = 0; k < lanes - 1; k++) {
        into[base + rest + k] = x[base + k + 1] * factors[g * lanes + k];
      }
      int end = base + rest + lanes;
      into[end - 1] = g + 1 < stripes.groups() ? x[end] * factors[last] : 0;
    }
  }

  private static void alphaLabels(
      double[] labels, double[] blanks, double[] before, double[] skip, double[] p, int n) {
    for (int i = 0; i < n; i++) {
      labels[i] = (labels[i] + blanks[i] + skip[i] * before[i]) * p[i];
    }
  }

  private static void alphaBlanks(double[] blanks, double[] before, double p, int n) {
    for (int i = 0; i < n; i++) {
      blanks[i] = (blanks[i] + before[i]) * p;
    }
  }

  @Override
  void beta(LatticeRows rows) {
    Stripes stripes = rows.stripes;
    Scale scale = rows.scale;
    EmissionRows emission = rows.emission;
    int width = stripes.width();
    take(rows.m, rows.from, width);
    multiply(width, stripes, scale.rescale);
    leaving = KeptArrays.atLeast(leaving, width);
    for (int i = 0; i < rows.count; i++) {
      int at = emission.at(rows.t - i);
      double blank = emission.p[at + width];
      System.arraycopy(emission.p, at, probabilities, 0, width);
      betaLeave(blank, rows.target.skipAt, width);
      after(leaving, stripes, scale.factors, neighbours);
      betaBlanks(blanks, labels, width);
      betaLabels(labels, neighbours, width);
      give(rows.m, rows.to + i * stripes.rowLength(), width);
    }
    sum(stripes, scale.sums);
  }

  /** Multiplies by the probabilities; leaving[i] is what reaches label i − 1 from here. */
  private void betaLeave(double ofBlank, double[] skip, int n) {
    double[] l = labels;
    double[] b = blanks;
    double[] p = probabilities;
    double[] leave = leaving;
    for (int i = 0; i < n; i++) {
      l[i] *= p[i];
      b[i] *= ofBlank;
      leave[i] = b[i] + skip[i] * l[i];
    }
  }

  private static void betaBlanks(double[] blanks, double[] labels, int n) {
    for (int i = 0; i < n; i++) {
      blanks[i] += labels[i];
    }
  }

  private static void betaLabels(double[] labels, double[] after, int n) {
    for (int i = 0; i < n; i++) {
      labels[i] += after[i];
    }
  }

  @Override
  void products(RowCursor x, RowCursor y, PosteriorScaling scaling, ProductRows products) {
    Stripes stripes = scaling.stripes;
    int width = stripes.width();
    for (int i = 0; i < products.count; i++) {
      int at = y.at + i * y.step;
      take(x.m, x.at + i * x.step, width);
      multiply(blanks, y.m, at, width);
      multiply(labels, y.m, at + width, width);
      multiply(width, stripes, scaling.factors);
      give(products.ofStates, i * stripes.rowLength(), width);
      products.ofBlanks[i] = sum(blanks, width);
    }
  }

  private void multiply(double[] x, double[] y, int at, int n) {
    System.arraycopy(y, at, neighbours, 0, n);
    multiply(x, neighbours, n);
  }

  private static double sum(double[] x, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    for (int i = 0; i < n; i += 4) { // n is a multiple of LANES
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** The sum of each stripe's {@link #blanks} and {@link #labels}. */
  private void sum(Stripes stripes, double[] sums) {
    int lanes = stripes.lanes();
    for (int g = 0; g < stripes.groups(); g++) {
      for (int k = 0; k < lanes; k++) {
        double sum = 0;
        int at = g * stripes.depth() * lanes + k;
        for (int j = 0; j < stripes.depth(); j++, at += lanes) {
          sum += blanks[at] + labels[at];
        }
        sums[g * lanes + k] = sum;
      }
    }
  }

  /** Multiplies {@link #blanks} and {@link #labels} by the factors of their stripes. */
  private void multiply(int width, Stripes stripes, double[] factors) {
    int length = stripes.depth() * LANES;
    for (int base = 0, stripe = 0; base < width; base += length, stripe += LANES) {
      System.arraycopy(factors, stripe, neighbours, base, LANES);
      for (int done = LANES; done < length; done *= 2) {
        System.arraycopy(neighbours, base, neighbours, base + done, Math.min(done, length - done));
      }
    }
    multiply(blanks, neighbours, width);
    multiply(labels, neighbours, width);
  }

  private static void multiply(double[] x, double[] by, int n) {
    for (int i = 0; i < n; i++) {
      x[i] *= by[i];
    }
  }
}
