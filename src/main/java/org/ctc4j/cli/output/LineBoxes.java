package org.ctc4j.cli.output;

import java.util.List;

/**
 * Where the characters of a line of text are, in pixels: for models that read pictures, whose
 * frames lie side by side. A model is on a character for a frame or two and on the blank between
 * them, so that a box goes from the middle of the gap before to the middle of the gap behind; the
 * outer ends of a line are as far from the middle of their characters as the inner ones.
 */
public record LineBoxes(double framePixels, double[][] lines) {
  /**
   * A box.
   *
   * @param top NaN if nobody said where the line is, as bottom
   */
  public record Box(double left, double top, double right, double bottom) {}

  /**
   * Pictures that begin with their frames.
   *
   * @param framePixels from one frame to the next
   */
  public static LineBoxes ofFrames(double framePixels) {
    return new LineBoxes(framePixels, null);
  }

  /**
   * Lines of a page.
   *
   * @param lines (N, 4), left, top, right and bottom of each, whose width its frames share
   */
  public static LineBoxes ofLines(double[][] lines) {
    return new LineBoxes(Double.NaN, lines);
  }

  /** The box of a label, a word or a segment. */
  Box of(TimedUtterance utterance, TimedText item) {
    List<TimedText> labels = utterance.tiers().labels();
    int frames = utterance.path().frames();
    double from = Math.max(0, start(labels, item.from()));
    double to = Math.min(frames, end(labels, item.to() - 1));
    if (lines == null) {
      return new Box(from * framePixels, Double.NaN, to * framePixels, Double.NaN);
    }
    double[] line = lines[utterance.number()];
    double scale = (line[2] - line[0]) / frames;
    return new Box(line[0] + from * scale, line[1], line[0] + to * scale, line[3]);
  }

  private static double start(List<TimedText> labels, int i) {
    TimedText label = labels.get(i);
    if (i > 0) {
      return between(labels.get(i - 1), label);
    }
    boolean isAlone = labels.size() == 1;
    return isAlone ? label.start() : label.start() + label.end() - end(labels, i);
  }

  private static double end(List<TimedText> labels, int i) {
    TimedText label = labels.get(i);
    if (i < labels.size() - 1) {
      return between(label, labels.get(i + 1));
    }
    boolean isAlone = labels.size() == 1;
    return isAlone ? label.end() : label.start() + label.end() - start(labels, i);
  }

  private static double between(TimedText left, TimedText right) {
    return (left.end() + right.start()) / 2.0;
  }
}
