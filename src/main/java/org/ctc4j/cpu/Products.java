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

  /** ln Σ α β; NaN if {@link Scale} cannot vouch for it, which is also so when there is no path. */
  double logTotal(double[] alpha, int a, double[] beta, int b, Stripes stripes) {
    double top = Double.NEGATIVE_INFINITY;
    int exponents = 2 * stripes.width();
    for (int s = exponents; s < exponents + stripes.count(); s++) {
      top = Math.max(top, alpha[a + s] + beta[b + s]);
    }
    seek(alpha, a, beta, b, stripes, top);
    int width = stripes.width();
    double sum = 0;
    for (int i = 0; i < width; i++) {
      double ofBlank = alpha[a + i] * beta[b + i];
      double ofLabel = alpha[a + width + i] * beta[b + width + i];
      sum += (ofBlank + ofLabel) * factors[stripes.stripe(i)];
    }
    return sum >= Scale.power(-Scale.LIMIT) ? Math.log(sum) + top * Math.log(2) : Double.NaN;
  }

  /**
   * Fills {@link #factors} for a frame.
   *
   * @param exponent that of p(target)
   * @return whether {@link Scale} vouches for the products
   */
  boolean seek(double[] alpha, int a, double[] beta, int b, Stripes stripes, double exponent) {
    int exponents = 2 * stripes.width();
    int count = stripes.count();
    double top = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < count; s++) {
      double e = alpha[a + exponents + s] + beta[b + exponents + s] - exponent;
      top = Math.max(top, e);
      factors[s] = e <= Scale.LIMIT ? Scale.power((int) e) : 0;
    }
    return top <= Scale.LIMIT;
  }
}
