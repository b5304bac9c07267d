package org.ctc4j;

import java.util.Objects;

/**
 * Two views of the same utterances, as a model gives them for two augmentations of its input:
 * logits x and y of shape (T, N, C), in host memory. Their consistency loss is the symmetric
 * Kullback-Leibler divergence between the distributions p = softmax(x) and q = softmax(y) of each
 * frame, summed over the frames that the utterance uses:
 *
 * <pre>
 * loss_n = ½ Σ_{t &lt; T_n} [KL(q_t ‖ p_t) + KL(p_t ‖ q_t)] = ½ Σ_{t &lt; T_n} Σ_c (p_t(c) − q_t(c)) (ln p_t(c) − ln q_t(c))
 * </pre>
 *
 * <p>This is the regulariser of Yao et al., "CR-CTC: Consistency regularization on CTC for improved
 * speech recognition" (ICLR 2025), who add α times it, α = 0.2, to the mean of the CTC losses of
 * both views. It is 0 where the views agree, never below, and the same with the views exchanged.
 * {@link ConsistencyGradient} says which gradients there are.
 *
 * <p>Log-probabilities may stand in place of logits: their softmax is what they are the logarithms
 * of. The gradients are with respect to logits all the same, as {@link GradientKind#LOGITS} has it.
 *
 * <p>Immutable, but a view of the caller's logits.
 */
public final class ConsistencyBatch {
  private final FrameTensor first;
  private final FrameTensor second;
  private final int[] inputLengths;
  private final double[] weights;

  private ConsistencyBatch(
      FrameTensor first, FrameTensor second, int[] inputLengths, double[] weights) {
    this.first = first;
    this.second = second;
    this.inputLengths = inputLengths;
    this.weights = weights;
  }

  /** Every utterance uses all the frames it has. */
  public static ConsistencyBatch of(FrameTensor first, FrameTensor second) {
    return of(first, second, first.frameCounts());
  }

  /**
   * Utterance n uses frames 0 … inputLengths[n] − 1 of both views; the others are never read.
   *
   * @param first logits of one view, (T, N, C)
   * @param second logits of the other, of the same sizes, in any layout and element type
   * @param inputLengths one for each utterance, each in [0, T] ([0, T<sub>n</sub>] if packed)
   * @throws InvalidInputException if the sizes do not agree or a length is out of its range
   */
  public static ConsistencyBatch of(FrameTensor first, FrameTensor second, int[] inputLengths) {
    Objects.requireNonNull(first, "first");
    Objects.requireNonNull(second, "second");
    if (!second.hasFramesOf(first) || second.classes() != first.classes()) {
      throw new InvalidInputException(
          "second: expected the shape of first, %s, got %s"
              .formatted(first.shape(), second.shape()));
    }
    if (inputLengths.length != first.utterances()) {
      throw new InvalidInputException(
          "input_lengths: expected %d, one for each utterance, got %d"
              .formatted(first.utterances(), inputLengths.length));
    }
    for (int n = 0; n < inputLengths.length; n++) {
      if (inputLengths[n] < 0 || inputLengths[n] > first.frames(n)) {
        throw new InvalidInputException(
            "input_lengths: utterance %d has %d, expected a number of frames in [0, %d]"
                .formatted(n, inputLengths[n], first.frames(n)));
      }
    }
    return new ConsistencyBatch(first, second, inputLengths.clone(), null);
  }

  /**
   * The same batch with a weight w<sub>n</sub> for each utterance: the reduced loss becomes
   * Σ<sub>n</sub> w<sub>n</sub> · loss<sub>n</sub> and the gradients are those of it. This is how
   * the scale of the regulariser enters, or an upstream gradient. An utterance of weight 0
   * contributes nothing, even if its loss is infinite.
   *
   * @param weights one finite number for each utterance
   */
  public ConsistencyBatch withWeights(double... weights) {
    if (weights.length != utterances()) {
      throw new InvalidInputException(
          "weights: expected %d, one for each utterance, got %d"
              .formatted(utterances(), weights.length));
    }
    for (int n = 0; n < weights.length; n++) {
      if (!Double.isFinite(weights[n])) {
        throw new InvalidInputException(
            "weights: utterance %d has %s, expected a finite number".formatted(n, weights[n]));
      }
    }
    return new ConsistencyBatch(first, second, inputLengths, weights.clone());
  }

  /** Logits of one view, (T, N, C). */
  public FrameTensor first() {
    return first;
  }

  /** Logits of the other view, (T, N, C). */
  public FrameTensor second() {
    return second;
  }

  /** N. */
  public int utterances() {
    return inputLengths.length;
  }

  /** The number of frames that utterance n uses. */
  public int inputLength(int n) {
    return inputLengths[n];
  }

  /** Factor of loss<sub>n</sub> in the reduced loss; 1 if none was given. */
  public double weight(int n) {
    return weights == null ? 1 : weights[n];
  }

  /** "two views of (T, N, C) = (150, 4, 28) of FLOAT32". */
  @Override
  public String toString() {
    return "two views of " + first;
  }
}
