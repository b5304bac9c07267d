package org.ctc4j.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelSpan;
import org.ctc4j.Strides;
import org.ctc4j.io.Text;

/**
 * Frames [from, to) of an utterance.
 *
 * @param frames how many the utterance has
 */
record FrameWindow(int from, int to, int frames) {
  private static final Pattern RANGE = Pattern.compile("([0-9]{1,9}):([0-9]{1,9})");

  static FrameWindow all(int frames) {
    return new FrameWindow(0, frames, frames);
  }

  /**
   * @param range "FROM:TO"
   */
  static FrameWindow parse(String range, int frames) {
    Matcher numbers = RANGE.matcher(range);
    int from = numbers.matches() ? Integer.parseInt(numbers.group(1)) : -1;
    int to = numbers.matches() ? Integer.parseInt(numbers.group(2)) : -1;
    if (from < 0 || from >= to || to > frames) {
      throw new InvalidInputException(
          "--frames: expected FROM:TO, the first frame and the one after the last, of %d frames, got %s"
              .formatted(frames, Text.quote(range)));
    }
    return new FrameWindow(from, to, frames);
  }

  boolean isAll() {
    return to - from == frames;
  }

  /**
   * These frames alone, with the labels that a path has in them.
   *
   * @param whole a batch of the utterance alone
   */
  CtcBatch of(CtcBatch whole, CtcPath path) {
    if (isAll()) {
      return whole;
    }
    int[] target =
        path.spans().stream()
            .filter(span -> span.end() > from && span.start() < to)
            .mapToInt(LabelSpan::label)
            .toArray();
    return CtcBatch.of(part(whole.logits(), 0, from, to), Explanation.targets(target, whole));
  }

  /** A view of frames [from, to) of utterance n. */
  static FrameTensor part(FrameTensor logits, int n, int from, int to) {
    return FrameTensor.strided(
        logits.elements(),
        logits.index(from, n, 0),
        to - from,
        1,
        logits.classes(),
        new Strides(logits.frameStride(), 0, logits.classStride()));
  }
}
