package org.ctc4j.cpu;

/**
 * Extended-range numbers: a probability is mantissa · 2<sup>exponent</sup>, a float and an int.
 *
 * <p>A float of range 2<sup>±126</sup> underflows on the first frame whose states differ by more,
 * and logarithms in float32 lose the posterior on long utterances. With an exponent of its own a
 * state keeps the relative precision of a float over any number of frames.
 *
 * <p>There is no special case for 0: it is any number with an exponent near {@link #ZERO}, far
 * below what a real one can reach. Label probabilities are relative to the most probable label of
 * their frame, so none exceeds 1, and those of one frame that are not 0 are at least
 * 2<sup>−b(t)</sup>. As long as Σ<sub>t</sub> b(t) &lt; {@link #RANGE}, real states have exponents
 * above −RANGE, and zeros stay below ZERO plus the 2 bits a frame that sums can add; {@link
 * #isZero} tells them apart up to 10<sup>7</sup> frames, and neither a product of two nor its
 * quotient by a third overflows an int. Utterances beyond that go to {@link LogLattice}.
 */
final class Extended {
  /** Exponent of 0, and the least that a state has. */
  static final int ZERO = -(1 << 29);

  /** What the exponents of one utterance's label probabilities may add up to, in bits. */
  static final long RANGE = 1L << 28;

  /** Exponent bias of a float. */
  static final int BIAS = 127;

  private static final int BORDER = -(int) RANGE - (1 << 26);

  private Extended() {}

  static boolean isZero(int exponent) {
    return exponent < BORDER;
  }

  /** 2<sup>exponent</sup> for exponent ≤ 127; 0 below −126. */
  static float power(int exponent) {
    return Float.intBitsToFloat(Math.max(exponent + BIAS, 0) << 23);
  }
}
