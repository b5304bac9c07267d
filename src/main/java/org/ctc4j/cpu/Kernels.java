package org.ctc4j.cpu;

/**
 * The inner loops. One subclass runs on any JVM, {@link ScalarKernels}; the other needs the Vector
 * API, {@code VectorKernels}. Each thread has its own, with room to compute in.
 *
 * <p>Rows of logits are float32. The lattice is float64, in rows as {@link Stripes} lays them out
 * and scaled as {@link Scale} tells.
 */
abstract class Kernels {
  // e^r = 1 + r + r² (C2 + C3 r + … + C6 r⁴) for |r| ≤ ln(2)/2, within 4e-9
  static final float C2 = 0x1.fffffcp-2f;
  static final float C3 = 0x1.555492p-3f;
  static final float C4 = 0x1.5558f2p-5f;
  static final float C5 = 0x1.123a20p-7f;
  static final float C6 = 0x1.6a23cep-10f;

  // e^r = 1 + r + r² (D2 + D3 r + … + D10 r⁸) for the same r, within 1.2e-15: through nine
  // Chebyshev nodes
  static final double D2 = 0x1.0p-1;
  static final double D3 = 0x1.5555555553b78p-3;
  static final double D4 = 0x1.5555555554cb7p-5;
  static final double D5 = 0x1.1111111c478ebp-7;
  static final double D6 = 0x1.6c16c1738ff55p-10;
  static final double D7 = 0x1.a019ada3609f3p-13;
  static final double D8 = 0x1.a019c9a5652d3p-16;
  static final double D9 = 0x1.72c72ca338dfp-19;
  static final double D10 = 0x1.2880411bad1aap-22;

  static final float LOG2_E = 0x1.715476p0f;
  static final double LOG2_E_DOUBLE = 0x1.71547652b82fep0;
  static final double LN2 = 0x1.62e42fefa39efp-1;

  /** Below this e^x counts as 0: 127 ln 2, less than the smallest normal float. */
  static final float EXP_ZERO = -88.02969f;

  /** Above this e^x is no float. */
  static final float EXP_MOST = 88;

  /** The least that the float64 exponential takes as it is. */
  static final double EXP_LEAST = -700;

  /** Such kernels for another thread. */
  abstract Kernels another();

  /** "scalar", or "vector" and how many bits wide. */
  abstract String name();

  /** How many stripes stand side by side in a row. */
  abstract int lanes();

  /** The largest of x[at … at + n), NaNs left out; −Infinity if there is none. */
  abstract float max(float[] x, int at, int n);

  /** The largest of each of some rows. */
  abstract void max(DoubleRows x, double[] max, int maxAt);

  /** Whether none of x[at … at + n) is NaN or +Infinity. */
  abstract boolean finite(float[] x, int at, int n);

  /**
   * out[i] = e<sup>x[i] − shift</sup>, or e<sup>88</sup> where that is less; the two arrays may not
   * overlap.
   *
   * @return the sum; NaN if any x is NaN
   */
  abstract double exp(float[] x, int at, int n, float shift, float[] out, int outAt);

  /**
   * The same without a shift of several rows, which stand where the block tells, and their sums,
   * which it gets.
   */
  abstract void exp(float[] x, int rows, int n, float[] out, FrameBlock block);

  /** The sum of x[at … at + n). */
  abstract double sum(float[] x, int at, int n);

  /** x[i] *= factor. */
  abstract void scale(float[] x, int at, int n, float factor);

  /**
   * e<sup>x − shift</sup> of some rows. The shift must be the largest of a row, or more; where the
   * difference is less than −700, what is written is e<sup>−700</sup>.
   *
   * @param x rows of a multiple of {@link #lanes} numbers
   * @param shifts of each row, from shiftsAt on
   * @param out where rows go, one after another, from outAt on
   * @return the least of what was written
   */
  abstract double exp(DoubleRows x, double[] shifts, int shiftsAt, double[] out, int outAt);

  /**
   * Some rows of alpha, equations (6) and (7) of Graves et al. (ICML 2006), from that of the frame
   * before them, their own probabilities included:
   *
   * <pre>
   * blank_i ← (blank_i + label_{i−1}) · p(blank)
   * label_i ← (label_i + blank_i + skip_i label_{i−1}) · p(label_i)
   * </pre>
   */
  abstract void alpha(LatticeRows rows);

  /**
   * Some rows of beta, equations (10) and (11), from the last frame to the first, from that of the
   * frame after them. A frame's own probabilities are left out, and those of the frame after it are
   * what is taken:
   *
   * <pre>
   * blank_i ← blank_i p(blank) + label_i p(label_i)
   * label_i ← label_i p(label_i) + blank_{i+1} p(blank) + skip_{i+1} label_{i+1} p(label_{i+1})
   * </pre>
   */
  abstract void beta(LatticeRows rows);

  /** α · β · factor of its stripe, equation (14), for blanks and labels of some rows. */
  abstract void products(RowCursor x, RowCursor y, PosteriorScaling scaling, ProductRows products);
}
