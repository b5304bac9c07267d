package org.ctc4j;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What is added to the log-probability of each class, the same in every frame: o(c), in nats. The
 * loss becomes
 *
 * <pre>
 * loss = −ln Σ_paths Π_t p(t, path_t) e^o(path_t),   o(c) = −scale · ln prior(c) − (penalty if c is the blank)
 * </pre>
 *
 * <p>p is the softmax of the logits as ever, and nothing is normalised after the addition. So the
 * gradient with respect to logits is p − γ as ever, with γ the posterior under the changed weights,
 * which is also what {@link Ctc#posteriors} gives, and with respect to log-probabilities −γ, to
 * probabilities −γ / p. The loss may be negative, and e<sup>−loss</sup> is no probability.
 *
 * <p>All that the classes have in common is a constant of the loss: o(c) + a for all c subtracts a
 * from the loss for each frame, and changes no gradient.
 *
 * <p>{@link CtcAligner} looks for the path that is best under the changed weights; the
 * probabilities that it tells are p. {@link CtcDecoder} refuses offsets.
 *
 * <p>An offset of more than {@value #MOST} nats either way is refused: a class that is to be
 * impossible has a logit of −Infinity.
 *
 * @param blankPenalty what is taken from the blank's log-probability, in nats: above 0, paths have
 *     fewer blanks in them
 * @param labelPriors what p(t, c) is divided by, or null
 */
public record ClassOffsets(double blankPenalty, LabelPriors labelPriors) implements Serializable {
  /** Nothing is added. */
  public static final ClassOffsets NONE = new ClassOffsets(0, null);

  /** The largest offset, and the smallest but for its sign. */
  static final double MOST = 100;

  public ClassOffsets {
    if (!(Math.abs(blankPenalty) <= MOST)) {
      throw new InvalidInputException(
          "blank_penalty: expected a number of nats in [%s, %s], got %s"
              .formatted(-MOST, MOST, blankPenalty));
    }
  }

  /**
   * o(c) of C classes; null where it is 0 for all, so that nothing is to be added.
   *
   * @throws InvalidInputException if there are priors of another number of classes, or one adds up
   *     with the blank's penalty to more than is allowed
   */
  public double[] of(int classes, int blank) {
    check(classes, blank);
    if (isNone()) {
      return null;
    }
    double[] offsets = IntStream.range(0, classes).mapToDouble(c -> offset(c, blank)).toArray();
    return Arrays.stream(offsets).anyMatch(offset -> offset != 0) ? offsets : null;
  }

  void check(int classes, int blank) {
    if (labelPriors == null) {
      return;
    }
    if (labelPriors.classes() != classes) {
      throw new InvalidInputException(
          "label_priors: expected %d, one for each class, got %d"
              .formatted(classes, labelPriors.classes()));
    }
    if (!(Math.abs(offset(blank, blank)) <= MOST)) {
      throw new InvalidInputException(
          "blank_penalty: expected a number that takes the blank's %s nats of label_priors to [%s, %s], got %s"
              .formatted(labelPriors.offset(blank), -MOST, MOST, blankPenalty));
    }
  }

  /** Of what cannot have any: they are not to be ignored. */
  void requireNone(String who) {
    if (!isNone()) {
      throw new InvalidInputException(
          "offsets: %s takes no blank penalty and no label priors, got %s".formatted(who, this));
    }
  }

  private boolean isNone() {
    return blankPenalty == 0 && labelPriors == null;
  }

  private double offset(int c, int blank) {
    double ofPrior = labelPriors == null ? 0 : labelPriors.offset(c);
    return c == blank ? ofPrior - blankPenalty : ofPrior;
  }
}
