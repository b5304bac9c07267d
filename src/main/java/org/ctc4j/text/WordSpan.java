package org.ctc4j.text;

import java.io.Serializable;
import java.util.List;
import org.ctc4j.LabelSpan;

/**
 * A word of a path and when it is said: from the first frame of its first label to the last of its
 * last. Labels that are pieces of several words, as SentencePiece's {@code ▁of▁the}, have their
 * frames shared out evenly among these, blanks beside them included where they have fewer frames
 * than words; where there are no such blanks a word may be left without a frame. No word begins
 * before another has ended. Immutable.
 *
 * @param text of the word
 * @param labels where its labels are, one or more, in order; those of several words are in each
 * @param start first frame
 * @param end frame after the last
 */
public record WordSpan(String text, List<LabelSpan> labels, int start, int end)
    implements Serializable {
  public WordSpan {
    labels = List.copyOf(labels);
  }

  /** Of labels that are no other word's. */
  public WordSpan(String text, List<LabelSpan> labels) {
    this(text, labels, labels.get(0).start(), labels.get(labels.size() - 1).end());
  }

  /**
   * When the word begins, in seconds.
   *
   * @param frameShift seconds from one frame to the next
   */
  public double startSeconds(double frameShift) {
    return start * frameShift;
  }

  /** When the word ends, in seconds, as {@link #startSeconds}. */
  public double endSeconds(double frameShift) {
    return end * frameShift;
  }

  /**
   * The geometric mean of the probabilities of its labels' frames, as {@link
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
