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
 */
public record CtcOptions(
    int blank,
    InputKind input,
    GradientKind gradientKind,
    Reduction reduction,
    boolean zeroInfinity)
    implements Serializable {
  /** Blank 0, logits, gradient with respect to them, no reduction, infinite losses kept. */
  public static final CtcOptions DEFAULT =
      new CtcOptions(0, InputKind.LOGITS, GradientKind.INPUT, Reduction.NONE, false);

  public CtcOptions {
    if (blank < 0) {
      throw new InvalidInputException("blank: expected a class index in [0, C), got " + blank);
    }
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(gradientKind, "gradientKind");
    Objects.requireNonNull(reduction, "reduction");
  }

  public CtcOptions withBlank(int value) {
    return new CtcOptions(value, input, gradientKind, reduction, zeroInfinity);
  }

  public CtcOptions withInput(InputKind value) {
    return new CtcOptions(blank, value, gradientKind, reduction, zeroInfinity);
  }

  public CtcOptions withGradientKind(GradientKind value) {
    return new CtcOptions(blank, input, value, reduction, zeroInfinity);
  }

  public CtcOptions withReduction(Reduction value) {
    return new CtcOptions(blank, input, gradientKind, value, zeroInfinity);
  }

  public CtcOptions withZeroInfinity(boolean value) {
    return new CtcOptions(blank, input, gradientKind, reduction, value);
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
