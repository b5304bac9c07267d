package org.ctc4j.engine;

import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Where a {@link ProjectedCall} writes.
 *
 * @param losses (N), in nats; +Infinity where the target is infeasible, NaN where a frame is not
 *     finite
 * @param statuses (N)
 * @param hiddenGradient (T, N, D), or null if it is not asked for
 * @param weightGradient (C, D), index = c * D + d, or null if it is not asked for
 * @param biasGradient (C), or null if it is not asked for
 */
public record ProjectedPlaces(
    double[] losses,
    CtcStatus[] statuses,
    FrameTensor hiddenGradient,
    Elements weightGradient,
    Elements biasGradient) {

  /** Whether any gradient is asked for. */
  public boolean wantsGradient() {
    return hiddenGradient != null || weightGradient != null || biasGradient != null;
  }

  /** Sets what became of utterance n. */
  public void set(int n, double loss, CtcStatus status) {
    losses[n] = loss;
    statuses[n] = status;
  }
}
