package org.ctc4j.engine;

import org.ctc4j.ConsistencyBatch;
import org.ctc4j.ConsistencyGradient;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;

/**
 * One call for the consistency losses of two views in host memory, and where it writes.
 *
 * @param losses (N), in nats, unweighted; +Infinity and NaN as the statuses say
 * @param statuses (N)
 * @param firstGradient (T, N, C), weighted, or null if it is not asked for
 * @param secondGradient likewise
 */
public record ConsistencyCall(
    ConsistencyBatch batch,
    ConsistencyGradient kind,
    double[] losses,
    CtcStatus[] statuses,
    FrameTensor firstGradient,
    FrameTensor secondGradient) {

  /** Sets loss and status of utterance n, from the sum over its frames. */
  public void set(int n, double loss) {
    losses[n] = loss;
    statuses[n] =
        Double.isNaN(loss)
            ? CtcStatus.NOT_FINITE
            : loss == Double.POSITIVE_INFINITY ? CtcStatus.INFEASIBLE : CtcStatus.OK;
  }
}
