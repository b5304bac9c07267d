package org.ctc4j;

/** With respect to what the gradient is taken. */
public enum GradientKind {
  /**
   * The input as it was given: p − posterior for {@link InputKind#LOGITS}, and the true partial
   * derivative −posterior for {@link InputKind#LOG_PROBS} and {@link InputKind#SCORES}.
   */
  INPUT,
  /**
   * The logits behind the input: p − posterior for any input. For log-probabilities this is what
   * PyTorch returns; it saves the backward pass through log-softmax. For scores p is exp(x), and
   * this is a gradient of the loss only as far as they sum to 1.
   */
  LOGITS
}
