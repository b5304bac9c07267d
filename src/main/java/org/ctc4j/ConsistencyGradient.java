package org.ctc4j;

/** Of what the gradients of a {@linkplain ConsistencyBatch consistency loss} are. */
public enum ConsistencyGradient {
  /**
   * Each view is drawn to the other as to a target that stands still, as CR-CTC has it: with sg for
   * "stop gradient"
   *
   * <pre>
   * ½ Σ_t [KL(sg(q_t) ‖ p_t) + KL(sg(p_t) ‖ q_t)];   ∂/∂x = ½ (p − q),   ∂/∂y = ½ (q − p)
   * </pre>
   */
  STOPPED,
  /**
   * That of the loss as a function of both views, nothing held still:
   *
   * <pre>
   * ∂/∂x(c) = ½ [p(c) − q(c) + p(c) (ln p(c) − ln q(c) − KL(p ‖ q))],   likewise ∂/∂y
   * </pre>
   */
  FULL
}
