package org.ctc4j;

/**
 * With respect to what the gradient is taken. With {@link ClassOffsets} the posterior is that under
 * the changed weights, and p stays what it is without.
 */
public enum GradientKind {
  /**
   * The input as it was given: p − posterior for {@link InputKind#LOGITS}, and the true partial
   * derivative −posterior for {@link InputKind#LOG_PROBS} and {@link InputKind#SCORES}.
   *
   * <p>For {@link InputKind#PROBABILITIES} the partial derivative ∂ loss / ∂ p(t, c) = −posterior /
   * p(t, c), each probability taken as a variable of its own, without regard to their sum. Where
   * p(t, c) is 0 it is given as 0, since no path goes through the class; the derivative from above,
   * which would count paths that have no probability, is not computed. What is beyond the range of
   * the gradient's element type is −Infinity, as rounding has it: next to 0 a float32 p can have
   * that.
   */
  INPUT,
  /**
   * The logits behind the input: p − posterior for any input. For log-probabilities this is what
   * PyTorch returns; it saves the backward pass through log-softmax, and for probabilities that
   * through softmax. For scores p is exp(x), and this is a gradient of the loss only as far as they
   * sum to 1.
   */
  LOGITS
}
