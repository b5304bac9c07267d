package org.ctc4j.cpu;

/**
 * Products of a frame's rows of alpha and of beta: their sum is p(target), the same in every frame,
 * and divided by it they are posteriors. Each thread has its own.
 */
final class Products {
  /** What the products of each stripe are to be multiplied by, see {@link #seek}. */
  double[] factors = {};

  void begin(Stripes stripes) {
    factors = Grow.atLeast(factors, stripes.count());
  }

  /**
   * ln Σ α β of frame t; NaN if {@link Scale} cannot vouch for it, which is also so when there is
   * no path.
   *
   * @param a where alpha's rows of its interval are, and {@code b} beta's
   */
  double logTotal(Sweep alpha, int a, Sweep beta, int b, int t, Stripes stripes) {
    int alphaE = alpha.exponents(a);
    int betaE = beta.exponents(b);
    double top = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < stripes.count(); s++) {
      top = Math.max(top, alpha.m[alphaE + s] + beta.m[betaE + s]);
    }
    seek(alpha, alphaE, beta, betaE, stripes, top);
    int width = stripes.width();
    int i = alpha.row(a, t);
    int j = beta.row(b, t);
    double sum = 0;
    for (int k = 0; k < width; k++) {
      double ofBlank = alpha.m[i + k] * beta.m[j + k];
      double ofLabel = alpha.m[i + width + k] * beta.m[j + width + k];
      sum += (ofBlank + ofLabel) * factors[stripes.stripe(k)];
    }
    double least = Scale.power(-stripes.resolution().limit());
    return sum >= least ? Math.log(sum) + top * Math.log(2) : Double.NaN;
  }

  /**
   * Fills {@link #factors} for an interval.
   *
   * @param alphaE where alpha's exponents of it are, and {@code betaE} beta's
   * @param exponent that of p(target)
   * @return whether {@link Scale} vouches for the products
   */
  boolean seek(Sweep alpha, int alphaE, Sweep beta, int betaE, Stripes stripes, double exponent) {
    int count = stripes.count();
    int limit = stripes.resolution().limit();
    double top = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < count; s++) {
      double ofAlpha = alpha.m[alphaE + s] - exponent;
      double e = ofAlpha + beta.m[betaE + s];
      top = Math.max(top, e);
      if (s + 1 < count) { // what was cut off of one that comes from the other
        top = Math.max(top, ofAlpha + beta.m[betaE + s + 1]);
      }
      factors[s] = e <= limit ? Scale.power((int) e) : 0;
    }
    return top <= limit;
  }
}
