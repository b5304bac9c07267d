package org.ctc4j;

import java.util.Arrays;

/** How the losses of a batch become one number, and so what the gradient is the gradient of. */
public enum Reduction {
  /**
   * Nobody asked for one number: {@link CtcResult#loss()} and the gradient are those of the sum.
   */
  NONE,
  /** Σ<sub>n</sub> loss<sub>n</sub>. */
  SUM,
  /** (1/N) Σ<sub>n</sub> loss<sub>n</sub> / max(1, L<sub>n</sub>), as PyTorch defines it. */
  MEAN;

  /** The factor of loss<sub>n</sub> in the reduced loss, without caller-given weights. */
  double weight(int targetLength, int utterances) {
    return this == MEAN ? 1.0 / ((double) utterances * Math.max(1, targetLength)) : 1.0;
  }

  /**
   * Adds the terms in ascending order, whatever order they come in: the sum has the same bits for
   * every order of the utterances. {@code terms} is left sorted.
   */
  static double sum(double[] terms) {
    Arrays.sort(terms);
    double sum = 0;
    for (double term : terms) {
      sum += term;
    }
    return sum;
  }
}
