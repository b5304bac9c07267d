package org.ctc4j.text;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ctc4j.CtcHypothesis;

/**
 * A text that a beam search found, with all outputs that say it: labels may differ in spaces at the
 * ends, or in how a word is cut into pieces. Immutable.
 *
 * @param text as {@link Vocabulary#text} has it
 * @param best the output of the highest score among them
 * @param logProbability ln p(text | input) in nats: the sum over these outputs, as far as the
 *     search found them
 * @param score the same sum of their scores
 */
public record Transcript(String text, CtcHypothesis best, double logProbability, double score)
    implements Serializable {

  /** Each text once, the highest score first. */
  static List<Transcript> of(List<CtcHypothesis> outputs, Vocabulary vocabulary) {
    Map<String, Transcript> byText = new LinkedHashMap<>();
    for (CtcHypothesis output : outputs) {
      String text = vocabulary.text(output.labels());
      byText.merge(
          text,
          new Transcript(text, output, output.logProbability(), output.score()),
          Transcript::plus);
    }
    List<Transcript> transcripts = new ArrayList<>(byText.values());
    transcripts.sort(Comparator.comparingDouble(Transcript::score).reversed());
    return List.copyOf(transcripts);
  }

  private Transcript plus(Transcript other) {
    return new Transcript(
        text, best, logAdd(logProbability, other.logProbability), logAdd(score, other.score));
  }

  private static double logAdd(double a, double b) {
    double greater = Math.max(a, b);
    return greater == Double.NEGATIVE_INFINITY
        ? greater
        : greater + Math.log1p(Math.exp(Math.min(a, b) - greater));
  }
}
