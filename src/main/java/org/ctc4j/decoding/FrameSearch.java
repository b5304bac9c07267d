package org.ctc4j.decoding;

import java.util.List;
import org.ctc4j.LabelSpan;
import org.ctc4j.host.LogProbs;

/** A search for the labels of one utterance that takes in its frames one by one. */
public interface FrameSearch {
  /**
   * Takes in the next frame, which is frame t of these.
   *
   * @return false if it holds NaN or +Infinity: then the search has ended, without outputs
   */
  boolean frame(LogProbs frames, int t);

  /** Whether there is an output as far as the frames go. */
  boolean isPossible();

  /** Labels that all outputs begin with, and are kept once for all of them. */
  int[] prefix();

  /** What is found if the utterance ends here. */
  List<Output> outputs();

  /** How many spans there are that neither more frames nor an end can change. */
  int finalSpans();

  /** The best path's spans from number {@code from} on. */
  List<LabelSpan> spans(int from);

  /**
   * An output.
   *
   * @param labels after the {@link #prefix}
   * @param logProbability ln p
   * @param added by the scorer; −Infinity if it must not end so
   */
  record Output(int[] labels, double logProbability, double added) {
    public double score() {
      return logProbability + added;
    }
  }
}
