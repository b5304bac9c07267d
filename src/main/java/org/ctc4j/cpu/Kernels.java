package org.ctc4j.cpu;

/**
 * The inner loops. One subclass runs on any JVM, {@link ScalarKernels}; the other needs the Vector
 * API, {@code VectorKernels}. Each thread has its own, with room to compute in.
 *
 * <p>A <em>row</em> holds the states of one frame as extended-range numbers, m[j] ·
 * 2<sup>e[j]</sup>, blanks first and labels after them: blank i, which stands before label i, is
 * element {@code at + i}, label i is element {@code at + width + i}. So the neighbours of a run of
 * states are runs themselves, and no loop tells odd states from even ones, as it must with blanks
 * and labels interleaved.
 *
 * <p>The width is a multiple of {@link #lanes()} and at least L + 2. Elements from L + 1 (blanks)
 * and L (labels) on are padding: label probabilities there are 0, so that no real state ever
 * receives from them, except that a row of beta may hold anything in the padding of its labels,
 * which nobody reads but to multiply it by 0. Arrays reach at least {@code lanes} elements past
 * their last row. Of a row only the band [low, high) of blanks and of labels is computed, both
 * multiples of the lanes; what {@link Sweep} puts around it is 0.
 *
 * <p>Label probabilities come as em[i] · 2<sup>ee[i] + 127</sup>: their exponents are stored 127
 * less, which spares the bias when a product is normalised. {@code skip[i]} is 0 where a path may
 * come to label i straight from label i − 1, else {@link Extended#ZERO}.
 */
abstract class Kernels {
  /** Least exponent that {@link #split} is good for, in bits. */
  static final int SPLIT_LIMIT = 1 << 20;

  // e^r = 1 + r + r² (C2 + C3 r + … + C6 r⁴) for |r| ≤ ln(2)/2, within 4e-9
  static final float C2 = 0x1.fffffcp-2f;
  static final float C3 = 0x1.555492p-3f;
  static final float C4 = 0x1.5558f2p-5f;
  static final float C5 = 0x1.123a20p-7f;
  static final float C6 = 0x1.6a23cep-10f;

  static final float LOG2_E = 0x1.715476p0f;

  /** Below this e^x counts as 0: 127 ln 2, less than the smallest normal float. */
  static final float EXP_ZERO = -88.02969f;

  /** Such kernels for another thread. */
  abstract Kernels another();

  /** "scalar", or "vector" and how many bits wide. */
  abstract String name();

  /** What the width of a row must be a multiple of. */
  abstract int lanes();

  /** The largest of x[at … at + n), NaNs left out; −Infinity if there is none. */
  abstract float max(float[] x, int at, int n);

  /** Whether none of x[at … at + n) is NaN or +Infinity. */
  abstract boolean finite(float[] x, int at, int n);

  /**
   * out[i] = e<sup>x[i] − shift</sup>, for x[i] − shift ≤ 88; the two arrays may not overlap.
   *
   * @return the sum; NaN if any x is NaN
   */
  abstract double exp(float[] x, int at, int n, float shift, float[] out, int outAt);

  /** The sum of those of x[at … at + n) that are less than 1. */
  abstract double sumBelowOne(float[] x, int at, int n);

  /** x[i] *= factor. */
  abstract void scale(float[] x, int at, int n, float factor);

  /**
   * Splits e<sup>x[i] − reference</sup> into em[at + i] · 2<sup>ee[at + i] + 127</sup>, i &lt;
   * width, with mantissas between 2<sup>−1/2</sup> and 2<sup>1/2</sup>. The difference counts
   * exactly, not as rounded to float.
   *
   * @return the least exponent, as a negative number; if it is under −{@link #SPLIT_LIMIT}, what
   *     was written is not to be used
   */
  abstract int split(float[] x, int width, float reference, float[] em, int[] ee, int at);

  /**
   * The band of a frame of alpha from the frame before it, its own probabilities included:
   *
   * <pre>
   * blank_i ← (blank_i + label_{i−1}) · p(blank)
   * label_i ← (label_i + blank_i + skip_i label_{i−1}) · p(label_i)
   * </pre>
   */
  abstract void alpha(
      float[] m,
      int[] e,
      int from,
      int to,
      int width,
      int low,
      int high,
      Emission emission,
      int[] skip);

  /**
   * The band of a frame of beta from the frame after it, whose probabilities are those of {@code
   * emission}; the frame's own are left out:
   *
   * <pre>
   * blank_i ← blank_i p(blank) + label_i p(label_i)
   * label_i ← label_i p(label_i) + blank_{i+1} p(blank) + skip_{i+1} label_{i+1} p(label_{i+1})
   * </pre>
   */
  abstract void beta(
      float[] m,
      int[] e,
      int from,
      int to,
      int width,
      int low,
      int high,
      Emission emission,
      int[] skip);

  /**
   * gamma[i] = alpha · beta / 2<sup>exponent</sup> of label i, low ≤ i &lt; high; then gamma[width]
   * is the sum over the blanks of that range and gamma[width + 1] that over its labels.
   */
  abstract void posterior(
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
      float[] gamma);
}
