package org.ctc4j.examples.audio;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.ctc4j.examples.CtcTraining;

/** What a model makes of utterances, each on its own: nothing depends on what else is there. */
public final class Evaluation {
  private Evaluation() {}

  /**
   * The label error rate of greedy decoding.
   *
   * @param stride of the model
   */
  public static double errorRate(CtcTraining training, List<Utterance> utterances, int stride) {
    Iterator<Utterance> next = utterances.iterator();
    return training.errorRate(
        manager -> Utterance.batch(manager, List.of(next.next()), stride), utterances.size());
  }

  /**
   * The logits of each utterance, [t * classes + c].
   *
   * @param stride of the model
   */
  public static List<float[]> logits(CtcTraining training, List<Utterance> utterances, int stride) {
    List<float[]> logits = new ArrayList<>();
    for (Utterance utterance : utterances) {
      logits.add(training.logits(manager -> Utterance.batch(manager, List.of(utterance), stride)));
    }
    return logits;
  }
}
