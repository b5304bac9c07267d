package org.ctc4j.text;

import java.io.Serializable;
import java.util.List;
import org.ctc4j.LabelSpan;

/**
 * A word of a path and when it is said: from the first frame of its first label to the last of its
 * last. Immutable.
 *
 * @param text of the word
 * @param labels where its labels are, one or more, in order
 */
public record WordSpan(String text, List<LabelSpan> labels) implements Serializable {
  public WordSpan {
    labels = List.copyOf(labels);
  }

  /** First frame. */
  public int start() {
    return labels.get(0).start();
  }

  /** Frame after the last. */
  public int end() {
    return labels.get(labels.size() - 1).end();
  }

  /**
   * When the word begins, in seconds.
   *
   * @param frameShift seconds from one frame to the next
   */
  public double startSeconds(double frameShift) {
    return start() * frameShift;
  }

  /** When the word ends, in seconds, as {@link #startSeconds}. */
  public double endSeconds(double frameShift) {
    return end() * frameShift;
  }

  /**
   * The geometric mean of the probabilities of its frames that are on a label, as {@link
   * LabelSpan#confidence()}, which see for what it is good for.
   */
  public double confidence() {
    double logProbability = 0;
    int frames = 0;
    for (LabelSpan label : labels) {
      logProbability += label.logProbability();
      frames += label.frames();
    }
    return Math.exp(logProbability / frames);
  }
}
