package org.ctc4j;

import java.io.Serial;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Priors of all classes, the blank's among them, and how much of them p(t, c) is divided by:
 * prior(c)<sup>scale</sup>. A model that is trained so has less to gain from blanks, which are
 * frequent, and emits labels for as long as they last: alignments of its outputs are less peaky,
 * after Huang et al., "Less Peaky and More Accurate CTC Forced Alignment by Label Priors" (ICASSP
 * 2024). They take the means of a model's probabilities, see {@link LabelPriorEstimate}, and scales
 * of some 0.3. What was trained with priors is aligned with them.
 *
 * <p>Immutable.
 */
public final class LabelPriors implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private final double[] logPriors;
  private final double scale;

  private LabelPriors(double[] logPriors, double scale) {
    this.logPriors = logPriors;
    this.scale = scale;
  }

  /**
   * @param logPriors (C), ln prior(c), each finite and at most 0; they need not add up to 1
   * @param scale 0 for no effect, 1 for all of it; finite, not negative
   * @throws InvalidInputException if a number is out of its range, or a prior so small that −scale
   *     · ln prior(c) is more than 100 nats
   */
  public static LabelPriors of(double[] logPriors, double scale) {
    if (!(scale >= 0 && scale < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "prior_scale: expected a finite number, 0 or more, got " + scale);
    }
    LabelPriors priors = new LabelPriors(logPriors.clone(), scale);
    for (int c = 0; c < logPriors.length; c++) {
      if (!(logPriors[c] <= 0 && logPriors[c] > Double.NEGATIVE_INFINITY)) {
        throw new InvalidInputException(
            "label_priors: class %d has %s, expected a finite logarithm of a probability, at most 0"
                .formatted(c, logPriors[c]));
      }
      if (!(priors.offset(c) <= ClassOffsets.MOST)) {
        throw new InvalidInputException(
            "label_priors: class %d has %s, which with scale %s adds %s nats, expected at most %s"
                .formatted(c, logPriors[c], scale, priors.offset(c), ClassOffsets.MOST));
      }
    }
    return priors;
  }

  /** C. */
  public int classes() {
    return logPriors.length;
  }

  /** How much of the priors counts. */
  public double scale() {
    return scale;
  }

  /** ln prior(c). */
  public double logPrior(int c) {
    return logPriors[c];
  }

  /** The priors of some classes, in that order. */
  public LabelPriors select(int... classes) {
    return new LabelPriors(Arrays.stream(classes).mapToDouble(this::logPrior).toArray(), scale);
  }

  /** What is added to ln p(t, c): −scale · ln prior(c). */
  double offset(int c) {
    return 0 - scale * logPriors[c]; // not −0
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LabelPriors priors
        && scale == priors.scale
        && Arrays.equals(logPriors, priors.logPriors);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(logPriors) + Double.hashCode(scale);
  }

  /** "priors of 29 classes, scale 0.3". */
  @Override
  public String toString() {
    return "priors of %d classes, scale %s".formatted(logPriors.length, scale);
  }
}
