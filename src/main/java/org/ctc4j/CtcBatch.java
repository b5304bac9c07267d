package org.ctc4j;

import java.util.Objects;

/**
 * A batch in host memory: logits (or log-probabilities, probabilities, scores) of shape (T, N, C),
 * N targets, N input lengths and, optionally, N weights. Immutable, but a view of the caller's
 * logits and targets.
 */
public final class CtcBatch {
  private final FrameTensor logits;
  private final Targets targets;
  private final int[] inputLengths;
  private final double[] weights;

  private CtcBatch(FrameTensor logits, Targets targets, int[] inputLengths, double[] weights) {
    this.logits = logits;
    this.targets = targets;
    this.inputLengths = inputLengths;
    this.weights = weights;
  }

  /** Every utterance uses all the frames it has. */
  public static CtcBatch of(FrameTensor logits, Targets targets) {
    return of(logits, targets, logits.frameCounts());
  }

  /**
   * Utterance n uses frames 0 … inputLengths[n] − 1; the others are never read.
   *
   * @param inputLengths one for each utterance, each in [0, T] ([0, T<sub>n</sub>] if packed)
   * @throws InvalidInputException if the sizes do not agree or a length is out of its range
   */
  public static CtcBatch of(FrameTensor logits, Targets targets, int[] inputLengths) {
    Objects.requireNonNull(logits, "logits");
    requireCount("input_lengths", inputLengths.length, logits.utterances());
    requireCount("targets", targets.utterances(), logits.utterances());
    for (int n = 0; n < inputLengths.length; n++) {
      if (inputLengths[n] < 0 || inputLengths[n] > logits.frames(n)) {
        throw new InvalidInputException(
            "input_lengths: utterance %d has %d, expected a number of frames in [0, %d]"
                .formatted(n, inputLengths[n], logits.frames(n)));
      }
    }
    return new CtcBatch(logits, targets, inputLengths.clone(), null);
  }

  /**
   * The same batch with a weight w<sub>n</sub> for each utterance: the reduced loss becomes
   * Σ<sub>n</sub> w<sub>n</sub> · loss<sub>n</sub> and the gradient is that of it. This is how an
   * upstream gradient, focal or masked losses enter. The weights take the place of {@link
   * Reduction#MEAN}'s, which is refused beside them. An utterance of weight 0 contributes nothing,
   * even if its loss is infinite.
   *
   * @param weights one finite number for each utterance
   */
  public CtcBatch withWeights(double... weights) {
    requireCount("weights", weights.length, utterances());
    for (int n = 0; n < weights.length; n++) {
      if (!Double.isFinite(weights[n])) {
        throw new InvalidInputException(
            "weights: utterance %d has %s, expected a finite number".formatted(n, weights[n]));
      }
    }
    return new CtcBatch(logits, targets, inputLengths, weights.clone());
  }

  /**
   * What {@link CtcOptions#input} says: logits, log-probabilities, probabilities or scores, (T, N,
   * C).
   */
  public FrameTensor logits() {
    return logits;
  }

  /** The N targets. */
  public Targets targets() {
    return targets;
  }

  /** N. */
  public int utterances() {
    return inputLengths.length;
  }

  /** The number of frames that utterance n uses. */
  public int inputLength(int n) {
    return inputLengths[n];
  }

  /** "(T, N, C) = (150, 4, 28) of FLOAT32; 4 targets, 131 labels". */
  @Override
  public String toString() {
    return logits + "; " + targets;
  }

  /**
   * What is computed in place of this batch, perhaps this one: a target that does not fit into its
   * frames is empty there. All that is left to find out about such an utterance is whether its
   * frames are finite, and labels that no path goes through shall not cost memory.
   */
  CtcBatch fitting() {
    Targets fitting = targets.fitting(inputLengths);
    return fitting == targets ? this : new CtcBatch(logits, fitting, inputLengths, weights);
  }

  /** The same with empty targets in place of those with wildcards. */
  CtcBatch withoutWildcards() {
    return new CtcBatch(logits, targets.withoutWildcards(), inputLengths, weights);
  }

  /** Whether the target of utterance n does not fit, given {@link #fitting} of this. */
  boolean isUnfit(int n, CtcBatch fitting) {
    return fitting.targets.length(n) < targets.length(n);
  }

  /** Factor of loss<sub>n</sub> in the reduced loss. */
  double weight(int n, Reduction reduction) {
    return weights != null ? weights[n] : reduction.weight(targets.length(n), inputLengths.length);
  }

  /** What cannot be known before blank and reduction are. */
  void check(CtcOptions options) {
    check(options, logits.classes());
  }

  void check(CtcOptions options, int classes) {
    check(options, classes, weights != null);
    targets.check(classes, options.blank());
  }

  static void check(CtcOptions options, int classes, boolean hasWeights) {
    if (options.blank() >= classes) {
      throw new InvalidInputException(
          "blank: expected a class index in [0, %d), got %d".formatted(classes, options.blank()));
    }
    options.offsets().check(classes, options.blank());
    if (hasWeights && options.reduction() == Reduction.MEAN) {
      throw new InvalidInputException(
          "weights: they define the reduction themselves; expected NONE or SUM beside them, got MEAN");
    }
  }

  private static void requireCount(String name, int count, int utterances) {
    if (count != utterances) {
      throw new InvalidInputException(
          "%s: expected %d, one for each utterance, got %d".formatted(name, utterances, count));
    }
  }
}
