package org.ctc4j.text;

import java.util.List;
import org.ctc4j.CtcPath;
import org.ctc4j.LabelSpan;

/**
 * The frames of a path's labels, shared out among the words that a label is a piece of: evenly. A
 * label with fewer frames than words takes blanks after it, then before it, as far as there are
 * some; if there are too few, its first words have none.
 */
final class SharedFrames {
  private final int[] starts; // of labels
  private final int[] ends;
  private final int[] words;

  /**
   * @param words how many each label of the path is a piece of, at least 1
   */
  SharedFrames(CtcPath path, int[] words) {
    List<LabelSpan> spans = path.spans();
    this.words = words;
    this.starts = spans.stream().mapToInt(LabelSpan::start).toArray();
    this.ends = spans.stream().mapToInt(LabelSpan::end).toArray();
    int taken = 0; // frames before
    for (int i = 0; i < words.length; i++) {
      int next = i + 1 < words.length ? starts[i + 1] : path.frames();
      ends[i] = Math.max(ends[i], Math.min(next, starts[i] + words[i]));
      starts[i] = Math.min(starts[i], Math.max(taken, ends[i] - words[i]));
      taken = ends[i];
    }
  }

  /** The first frame of a word of label i. */
  int start(int i, int word) {
    return starts[i] + (int) ((long) word * (ends[i] - starts[i]) / words[i]);
  }

  /** The frame after its last. */
  int end(int i, int word) {
    return start(i, word + 1);
  }
}
