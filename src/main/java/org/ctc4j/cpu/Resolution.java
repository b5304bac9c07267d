package org.ctc4j.cpu;

/** How many numbers share an exponent, see {@link Scale}. */
enum Resolution {
  /** For what models give. */
  COARSE(Stripes.DEEP, 8, 48),

  /** For labels that are hundreds of bits apart; several times slower. */
  FINE(1, 1, 400);

  private final int depth;
  private final int interval;
  private final int drop;

  Resolution(int depth, int interval, int drop) {
    this.depth = depth;
    this.interval = interval;
    this.drop = drop;
  }

  /** Labels of a stripe, at most. */
  int depth() {
    return depth;
  }

  /** Frames for which exponents stay. */
  int interval() {
    return interval;
  }

  /** Bits by which the exponent may fall from label to label. */
  int drop() {
    return drop;
  }

  /** By how much exponents of alpha and beta together may exceed that of p(target). */
  int limit() {
    // numbers begin an interval so large at most; each frame adds three, one from the label before
    int growth = Math.getExponent(Scale.LARGE) + 1 + interval * (drop + 2);
    return -Double.MIN_EXPONENT - growth - Scale.EXACT_BITS - Scale.STATE_BITS;
  }
}
