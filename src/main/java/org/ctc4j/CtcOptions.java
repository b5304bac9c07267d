package org.ctc4j;

import java.io.Serializable;
import java.util.Objects;

/**
 * What is to be computed of a batch. Immutable, serialisable; start from {@link #DEFAULT} and
 * change what differs:
 *
 * <pre>{@code CtcOptions.DEFAULT.withBlank(28).withReduction(Reduction.MEAN)}</pre>
 *
 * @param blank class index of the blank, in [0, C)
 * @param input whether the batch holds logits, log-probabilities, probabilities or scores
 * @param gradientKind with respect to what the gradient is taken
 * @param reduction how the losses become one number
 * @param zeroInfinity whether an {@linkplain CtcStatus#INFEASIBLE infeasible} utterance gets loss 0
 *     instead of +Infinity
 * @param offsets what is added to the log-probability of each class: blank penalty, label priors
 */
public record CtcOptions(
    int blank,
    InputKind input,
    GradientKind gradientKind,
    Reduction reduction,
    boolean zeroInfinity,
    ClassOffsets offsets)
    implements Serializable {
  /**
   * Blank 0, logits, gradient with respect to them, no reduction, infinite losses kept, no offsets.
   */
  public static final CtcOptions DEFAULT =
      new CtcOptions(
          0, InputKind.LOGITS, GradientKind.INPUT, Reduction.NONE, false, ClassOffsets.NONE);

  public CtcOptions {
    if (blank < 0) {
      throw new InvalidInputException("blank: expected a class index in [0, C), got " + blank);
    }
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(gradientKind, "gradientKind");
    Objects.requireNonNull(reduction, "reduction");
    Objects.requireNonNull(offsets, "offsets");
  }

  public CtcOptions withBlank(int value) {
    return new CtcOptions(value, input, gradientKind, reduction, zeroInfinity, offsets);
  }

  public CtcOptions withInput(InputKind value) {
    return new CtcOptions(blank, value, gradientKind, reduction, zeroInfinity, offsets);
  }

  public CtcOptions withGradientKind(GradientKind value) {
    return new CtcOptions(blank, input, value, reduction, zeroInfinity, offsets);
  }

  public CtcOptions withReduction(Reduction value) {
    return new CtcOptions(blank, input, gradientKind, value, zeroInfinity, offsets);
  }

  public CtcOptions withZeroInfinity(boolean value) {
    return new CtcOptions(blank, input, gradientKind, reduction, value, offsets);
  }

  public CtcOptions withOffsets(ClassOffsets value) {
    return new CtcOptions(blank, input, gradientKind, reduction, zeroInfinity, value);
  }

  /** With a {@linkplain ClassOffsets#blankPenalty blank penalty}, in nats; 0 for none. */
  public CtcOptions withBlankPenalty(double value) {
    return withOffsets(new ClassOffsets(value, offsets.labelPriors()));
  }

  /** With {@linkplain ClassOffsets#labelPriors label priors}, one a class; null for none. */
  public CtcOptions withLabelPriors(LabelPriors value) {
    return withOffsets(new ClassOffsets(offsets.blankPenalty(), value));
  }

  /**
   * o(c), what is added to the log-probability of each of C classes; null where that is 0 for all.
   */
  public double[] offsets(int classes) {
    return offsets.of(classes, blank);
  }

  /** Whether the gradient is p − posterior (true) or −posterior, perhaps by p. */
  public boolean gradientHasSoftmaxTerm() {
    return input == InputKind.LOGITS || gradientKind == GradientKind.LOGITS;
  }

  /** Whether it is −posterior / p. */
  public boolean gradientIsPerProbability() {
    return input == InputKind.PROBABILITIES && gradientKind == GradientKind.INPUT;
  }
}
