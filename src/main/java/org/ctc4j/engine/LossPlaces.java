package org.ctc4j.engine;

import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;

/**
 * Where a {@link LossCall} writes.
 *
 * @param losses (N), in nats; +Infinity where the target is infeasible, NaN where a frame is not
 *     finite
 * @param statuses (N)
 * @param gradient (T, N, C), weighted, or null if none is asked for
 * @param posteriors of each class, (T, N, C), or null if they are not asked for
 * @param statePosteriors of each state, (T, N, 2 Lmax + 1), or null if they are not asked for
 */
public record LossPlaces(
    double[] losses,
    CtcStatus[] statuses,
    FrameTensor gradient,
    FrameTensor posteriors,
    FrameTensor statePosteriors) {

  /** For losses of N utterances and, if it is not null, a gradient. */
  public static LossPlaces of(int utterances, FrameTensor gradient) {
    return new LossPlaces(new double[utterances], new CtcStatus[utterances], gradient, null, null);
  }

  /** Whether posteriors of classes or of states are asked for. */
  public boolean wantsPosteriors() {
    return posteriors != null || statePosteriors != null;
  }

  /** Sets what became of utterance n. */
  public void set(int n, double loss, CtcStatus status) {
    losses[n] = loss;
    statuses[n] = status;
  }
}
