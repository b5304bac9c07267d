package org.ctc4j.cpu;

/**
 * The probabilities of some frames that the lattice needs, relative to the largest of each frame:
 * at {@link #at} stands that of the first distinct class of the target, after the distinct classes
 * that of the blank, after it a 0 for padding.
 *
 * <p>Mutable: a sweep moves one of these from interval to interval, see {@link Emissions#seek}. It
 * points into the utterance's table or, where there is none, at room of its own, for the frames of
 * an interval and the one after them.
 */
final class Emission {
  double[] p;

  private int start;
  private int rowLength;
  private int frames;
  private int interval;
  private double[] own = {};

  /**
   * @param itsFrames of an interval
   */
  void begin(int itsRowLength, int itsFrames) {
    rowLength = itsRowLength;
    frames = itsFrames;
    own = Grow.atLeast(own, (frames + 1L) * rowLength);
    interval = -1;
  }

  /** Where the row of frame t is. */
  int at(int t) {
    return start + t * rowLength;
  }

  /** How far it is to the row of the next frame. */
  int rowLength() {
    return rowLength;
  }

  void pointTo(double[] table) {
    p = table;
    start = 0;
  }

  /** Returns whether there is room to fill, which holds the frames of another interval. */
  boolean pointToOwn(int itsInterval) {
    p = own;
    start = -itsInterval * frames * rowLength;
    boolean other = interval != itsInterval;
    interval = itsInterval;
    return other;
  }
}
