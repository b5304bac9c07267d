package org.ctc4j.cpu;

import java.util.Arrays;

/**
 * The exponents of the stripes of one recursion at work: a state of stripe s with the number m in
 * its row has the value m · 2<sup>exponents[s]</sup>.
 *
 * <p>The states of a frame may differ by thousands of orders of magnitude, those of a stripe hardly
 * by hundreds. From interval to interval, where need be, each stripe gets a new exponent, by which
 * the sum of its numbers in the frame before becomes about 1; numbers pass from stripe to stripe
 * with the factor 2<sup>difference of exponents</sup>. A step is then what the paper's equations
 * say, in plain float64.
 *
 * <p>What this can lose, and how that is known: a number too small for a float64 is cut off, and
 * that is the only error beyond rounding. It is less than 2<sup>−1022 + exponent</sup>, and adds at
 * most that times the other recursion's value of a state it leads to, or comes from: one of the
 * same stripe or of the next. An exponent is never more than {@link Resolution#drop} a label under
 * its neighbour's, which bounds how far numbers rise within an interval. Hence where the exponents
 * of alpha and beta together exceed that of p(target) by at most {@link Resolution#limit}, for
 * every stripe and for every stripe of alpha with the next one of beta, in every interval, all that
 * was cut off is less than 2<sup>−40</sup> of p(target), for 2<sup>34</sup> states. An utterance
 * where they exceed it is done once more in finer resolution, and if need be by {@link LogLattice}.
 */
final class Scale {
  /** What is cut off is less than 2 to minus this of p(target) … */
  static final int EXACT_BITS = 40;

  /** … for 2 to this many states. */
  static final int STATE_BITS = 34;

  /** Between these, the sum of a stripe is left as it is. */
  static final double LARGE = 0x1p64;

  private static final double SMALL = 0x1p-64;

  /** Exponent of a stripe to which no path comes before the next interval. */
  private static final int ABSENT = -(1 << 30);

  /** Smaller numbers than 2 to this get exponents as if they were that. */
  private static final int LEAST = -1000;

  /** What a number is multiplied by when it comes into a stripe from the one before. */
  double[] factors = {};

  /** What the numbers of a row before the interval are to be multiplied by. */
  double[] rescale = {};

  /** The sum of each stripe in the row that was computed last. */
  double[] sums = {};

  private final boolean forward;
  private int[] exponents = {};
  private double[] asDoubles = {}; // the exponents once more, as they are stored
  private Stripes stripes;
  private int drop;
  private int reached; // how many stripes have exponents for paths to come to; −1 at first

  Scale(boolean forward) {
    this.forward = forward;
  }

  void begin(Stripes ofUtterance) {
    stripes = ofUtterance;
    drop = stripes.resolution().drop() * stripes.depth();
    exponents = KeptArrays.atLeast(exponents, stripes.count());
    factors = KeptArrays.atLeast(factors, stripes.count());
    rescale = KeptArrays.atLeast(rescale, stripes.count());
    sums = KeptArrays.atLeast(sums, stripes.count());
    asDoubles = KeptArrays.atLeast(asDoubles, stripes.count());
    Arrays.fill(exponents, 0, stripes.count(), 0);
    reached = -1;
  }

  /**
   * Takes exponents that were stored.
   *
   * @param p how many frames are before theirs
   */
  void load(double[] m, int at, int p) {
    for (int s = 0; s < stripes.count(); s++) {
      exponents[s] = (int) m[at + s];
      asDoubles[s] = m[at + s];
    }
    reached = reach(p + stripes.interval());
    keep();
    findFactors();
  }

  /** Stores the exponents. */
  void store(double[] m, int at) {
    System.arraycopy(asDoubles, 0, m, at, stripes.count());
  }

  /** The row that comes next is in these exponents already. */
  void keep() {
    Arrays.fill(rescale, 0, stripes.count(), 1);
  }

  /**
   * Goes on to another interval: finds new exponents where {@link #sums} have grown too large or
   * too small, or a stripe is about to be reached.
   *
   * @param p how many frames are before it
   */
  void renew(int p) {
    int reach = reach(p + stripes.interval());
    if (reach == reached && areGood()) {
      keep();
      return;
    }
    reached = reach;
    int count = stripes.count();
    int step = forward ? 1 : -1;
    int least = ABSENT;
    for (int i = 0, s = forward ? 0 : count - 1; i < count; i++, s += step) {
      int old = exponents[s];
      int own = sums[s] > 0 ? old + Math.max(Math.getExponent(sums[s]), LEAST) : ABSENT;
      int exponent = i < reached ? Math.max(own, least) : own;
      rescale[s] = own == ABSENT ? 1 : power(old - exponent);
      exponents[s] = exponent;
      asDoubles[s] = exponent;
      least = exponent - drop;
    }
    findFactors();
  }

  private boolean areGood() {
    for (int s = 0; s < stripes.count(); s++) {
      double sum = sums[s];
      if (sum > LARGE || sum < SMALL && sum > 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * To how many stripes a path can have come after p more frames, from the first or from the last
   * on.
   */
  private int reach(int p) {
    int depth = stripes.depth();
    return forward
        ? p / depth + 1
        : stripes.count() - Math.max(stripes.labels() - 1 - p, 0) / depth;
  }

  private void findFactors() {
    int last = stripes.count() - 1;
    if (forward) {
      factors[0] = 0;
      for (int s = 1; s <= last; s++) {
        factors[s] = power(exponents[s - 1] - exponents[s]);
      }
    } else {
      for (int s = 0; s < last; s++) {
        factors[s] = power(exponents[s + 1] - exponents[s]);
      }
      factors[last] = 0;
    }
  }

  /** 2<sup>exponent</sup>, 0 for what is not a normal number below or is {@link #ABSENT}. */
  static double power(int exponent) {
    int biased = exponent + 1023;
    return biased <= 0 || biased >= 2047 ? 0 : Double.longBitsToDouble((long) biased << 52);
  }
}
