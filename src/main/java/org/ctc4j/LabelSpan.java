package org.ctc4j;

/**
 * The frames in which a path stays on one label. Immutable.
 *
 * @param label class index
 * @param start first frame
 * @param end frame after the last, &gt; start
 * @param logProbability Σ ln p(t, label) over frames start … end − 1, in nats
 */
public record LabelSpan(int label, int start, int end, double logProbability) {
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

  /**
   * When the span ends, in seconds.
   *
   * @param frameShift seconds from one frame to the next
   */
  public double endSeconds(double frameShift) {
    return end * frameShift;
  }
}
