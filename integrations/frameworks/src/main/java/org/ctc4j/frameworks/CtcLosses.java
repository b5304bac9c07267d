package org.ctc4j.frameworks;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.Reduction;

/**
 * What a step leaves, beside the gradient that is the framework's.
 *
 * @param reduced the reduced loss, that of the sum for {@link Reduction#NONE}
 * @param losses of each utterance, in nats
 * @param statuses of each utterance
 */
public record CtcLosses(double reduced, double[] losses, List<CtcStatus> statuses) {
  static CtcLosses of(CtcResult result) {
    List<CtcStatus> statuses = new ArrayList<>();
    for (int n = 0; n < result.utterances(); n++) {
      statuses.add(result.status(n));
    }
    return new CtcLosses(result.loss(), result.losses(), List.copyOf(statuses));
  }
}
