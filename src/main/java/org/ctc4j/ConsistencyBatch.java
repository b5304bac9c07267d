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
  private final CtcBatch frames; // of the first view, without targets
  private final FrameTensor second;

  private ConsistencyBatch(CtcBatch frames, FrameTensor second) {
    this.frames = frames;
    this.second = second;
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
    Targets none = Targets.none(first.utterances());
    return new ConsistencyBatch(CtcBatch.of(first, none, inputLengths), second);
  }

  /**
   * The same batch with a weight for each utterance, as {@link CtcBatch#withWeights}: this is how
   * the scale of the regulariser enters.
   *
   * @param weights one finite number for each utterance
   */
  public ConsistencyBatch withWeights(double... weights) {
    return new ConsistencyBatch(frames.withWeights(weights), second);
  }

  /** Logits of one view, (T, N, C). */
  public FrameTensor first() {
    return frames.logits();
  }

  /** Logits of the other view, (T, N, C). */
  public FrameTensor second() {
    return second;
  }

  /** N. */
  public int utterances() {
    return frames.utterances();
  }

  /** The number of frames that utterance n uses. */
  public int inputLength(int n) {
    return frames.inputLength(n);
  }

  /** Factor of loss<sub>n</sub> in the reduced loss; 1 if none was given. */
  public double weight(int n) {
    return frames.weight(n, Reduction.SUM);
  }

  /** "two views of (T, N, C) = (150, 4, 28) of FLOAT32". */
  @Override
  public String toString() {
    return "two views of " + first();
  }

  /** The first view alone, without targets. */
  CtcBatch frames() {
    return frames;
  }
}
