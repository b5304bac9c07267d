package org.ctc4j.cpu;

/**
 * What products of a frame's rows of alpha and of beta are to be multiplied by: their sum is
 * p(target), the same in every frame, and divided by it they are posteriors. Each thread has its
 * own.
 */
final class PosteriorScaling {
  Stripes stripes;

  /** Of each stripe, see {@link #seek}. */
  double[] factors = {};

  /**
   * Of each stripe: where α · β is less, its product with the factor is no normal number, which
   * takes a processor a hundred times as long; it counts as 0.
   */
  double[] least = {};

  void begin(Stripes stripes) {
    this.stripes = stripes;
    factors = KeptArrays.atLeast(factors, stripes.count());
    least = KeptArrays.atLeast(least, stripes.count());
  }

  /**
   * Fills {@link #factors} for an interval.
   *
   * @param alphaAt where alpha's exponents of it are in {@code alpha}, and {@code betaAt} beta's
   * @param exponent that of p(target)
   * @return whether the products are exact, see {@link Scale}
   */
  boolean seek(double[] alpha, int alphaAt, double[] beta, int betaAt, double exponent) {
    int count = stripes.count();
    int limit = stripes.resolution().limit();
    double top = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < count; s++) {
      double ofAlpha = alpha[alphaAt + s] - exponent;
      double e = ofAlpha + beta[betaAt + s];
      top = Math.max(top, e);
      if (s + 1 < count) { // what was cut off of one that comes from the other
        top = Math.max(top, ofAlpha + beta[betaAt + s + 1]);
      }
      factors[s] = e <= limit ? Scale.power((int) e) : 0;
      least[s] = Scale.power(Double.MIN_EXPONENT - (int) e); // 0 where the factor is 1 or more
    }
    return top <= limit;
  }
}
