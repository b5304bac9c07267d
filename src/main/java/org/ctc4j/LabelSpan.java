package org.ctc4j;

import java.io.Serializable;

/**
 * The frames in which a path stays on one label. Immutable.
 *
 * @param label class index; or {@link Wildcards#FRAMES} or {@link Wildcards#LABELS}, whose frames
 *     are what the wildcard took, blanks among its labels included
 * @param start first frame
 * @param end frame after the last, &gt; start
 * @param logProbability Σ ln p(t, label) over frames start … end − 1, in nats
 */
public record LabelSpan(int label, int start, int end, double logProbability)
    implements Serializable {
  /** How many frames: end − start. */
  public int frames() {
    return end - start;
  }

  /**
   * The score of the label: its mean log-probability over its frames, in nats, at most 0 but for
   * scores above 0 ({@link InputKind#SCORES}); 0 is certainty.
   */
  public double meanLogProbability() {
    return logProbability / frames();
  }

  /**
   * e to the power of {@link #meanLogProbability()}: the geometric mean of the label's
   * probabilities, in [0, 1] but for scores above 0.
   *
   * <p>Of an alignment it tells how well a given label fits; for whether it was said at all, {@link
   * CtcPath#logRatio} tells more. Of a greedy path it is no probability of being right: models are
   * surer of what they say than they are right, on recordings that they have not seen in particular
   * (of one small model the words at 0.8 to 0.9 were right in 36 % of cases). It may order what
   * somebody is to look at, and what it is worth is found by counting on data of one's own. For
   * decoded words see {@link org.ctc4j.text.Vocabulary#wordShares}.
   */
  public double confidence() {
    return Math.exp(meanLogProbability());
  }

  /**
   * When the span begins, in seconds.
   *
   * @param frameShift seconds from one frame to the next
   */
  public double startSeconds(double frameShift) {
    return start * frameShift;
  }

  /** When the span ends, in seconds, as {@link #startSeconds}. */
  public double endSeconds(double frameShift) {
    return end * frameShift;
  }
}
