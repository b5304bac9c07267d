package org.ctc4j.cpu;

/**
 * The probabilities of some frames that the lattice needs, relative to the largest of each frame:
 * from {@link #at} on those of the label at each place of a row of {@link Stripes}, 0 for padding,
 * and after them that of the blank; from {@link #columnsAt} on those of the columns.
 *
 * <p>Mutable: a sweep moves one of these from interval to interval, see {@link Emissions#seek}. It
 * points into the utterance's tables or, where there are none, at room of its own, for the frames
 * of an interval and the one after them.
 */
final class EmissionRows {
  /**
   * Frames whose labels {@link LabelStage} goes through at the same time: the loops over the labels
   * of each class are the same for all, and too short to be done for one frame alone. Tables have
   * rows for as many frames more.
   */
  static final int AT_ONCE = 4;

  double[] p;
  double[] ofColumns;

  private int rowLength;
  private int columnsLength;
  private int frames;
  private int interval;
  private int first; // frame of p
  private int firstOfColumns;
  private double[] own = {};
  private double[] ownColumns = {};

  void begin(Stripes stripes, int columnsLength) {
    rowLength = stripes.emissionLength();
    this.columnsLength = columnsLength;
    frames = stripes.interval();
    own = KeptArrays.atLeast(own, (frames + 1L) * rowLength);
    ownColumns = KeptArrays.atLeast(ownColumns, (long) (frames + AT_ONCE) * columnsLength);
    interval = -1;
    p = own;
    ofColumns = ownColumns;
  }

  /** Where the row of frame t is. */
  int at(int t) {
    return (t - first) * rowLength;
  }

  /** Where its columns are. */
  int columnsAt(int t) {
    return (t - firstOfColumns) * columnsLength;
  }

  /** How far it is to the row of the next frame. */
  int rowLength() {
    return rowLength;
  }

  void takePlaces(double[] table) {
    p = table;
    first = 0;
  }

  void takeColumns(double[] table) {
    ofColumns = table;
    firstOfColumns = 0;
  }

  /** Makes room for an interval where there is no table; returns whether it is to be filled. */
  boolean moveTo(int interval) {
    boolean isOther = this.interval != interval;
    this.interval = interval;
    first = interval * frames;
    if (ofColumns == ownColumns) {
      firstOfColumns = first;
    }
    return isOther;
  }
}
