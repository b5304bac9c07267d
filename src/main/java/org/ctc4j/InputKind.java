package org.ctc4j;

/** What the input numbers are. */
public enum InputKind {
  /**
   * Activations before log-softmax: p(t, c) = exp(x(t, c)) / Σ<sub>k</sub> exp(x(t, k)). Each frame
   * is normalised here.
   */
  LOGITS,
  /** Log-probabilities, natural logarithm, taken as they come: p(t, c) = exp(x(t, c)). */
  LOG_PROBS
}
