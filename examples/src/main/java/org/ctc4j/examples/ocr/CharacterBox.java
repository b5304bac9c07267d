package org.ctc4j.examples.ocr;

import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcPath;
import org.ctc4j.LabelSpan;
import org.ctc4j.text.Vocabulary;

/**
 * A character and where it is in its line. The model is on a character for a frame or two and on
 * the blank between them, so that a box goes from the middle of the gap before to the middle of the
 * gap behind; the outer ends of a line are as far from the middle of their characters as the inner
 * ones.
 *
 * @param confidence geometric mean of the probabilities of the character's frames
 * @param place in pixels
 */
record CharacterBox(String text, double confidence, Rectangle2D place) {
  /** The boxes of a path through the frames of a line, from left to right. */
  static List<CharacterBox> of(CtcPath path, Vocabulary vocabulary) {
    List<LabelSpan> spans = path.spans();
    double[] edges = edges(spans, path.frames());
    List<CharacterBox> boxes = new ArrayList<>();
    for (int i = 0; i < spans.size(); i++) {
      LabelSpan span = spans.get(i);
      double left = edges[i] * Recognizer.FRAME_PIXELS;
      double width = edges[i + 1] * Recognizer.FRAME_PIXELS - left;
      boxes.add(
          new CharacterBox(
              vocabulary.rawText(span.label()),
              span.confidence(),
              new Rectangle2D.Double(left, 0, width, PrintedLine.HEIGHT)));
    }
    return boxes;
  }

  /** In frames, one more than spans. */
  private static double[] edges(List<LabelSpan> spans, int frames) {
    int count = spans.size();
    double[] edges = new double[count + 1];
    for (int i = 1; i < count; i++) {
      edges[i] = (spans.get(i - 1).end() + spans.get(i).start()) / 2.0;
    }
    if (count == 1) {
      edges[0] = spans.get(0).start();
      edges[1] = spans.get(0).end();
    } else if (count > 1) {
      edges[0] = Math.max(0, twiceTheMiddle(spans.get(0)) - edges[1]);
      edges[count] = Math.min(frames, twiceTheMiddle(spans.get(count - 1)) - edges[count - 1]);
    }
    return edges;
  }

  private static int twiceTheMiddle(LabelSpan span) {
    return span.start() + span.end();
  }
}
