package org.ctc4j;

/** With respect to what the gradient is taken. */
public enum GradientKind {
  /**
   * The input as it was given: p − posterior for {@link InputKind#LOGITS}, and the true partial
   * derivative −posterior for {@link InputKind#LOG_PROBS}.
   */
  INPUT,
  /**
   * The logits behind the input: p − posterior for either input. For log-probabilities this is what
   * PyTorch returns; it saves the backward pass through log-softmax.
   */
  LOGITS
}
