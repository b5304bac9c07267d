package org.ctc4j.cpu;

/**
 * The probabilities of some frames that the lattice needs, relative to the largest of each frame:
 * from {@link #at} on those of the label at each place of a row of {@link Stripes}, 0 for padding,
 * and after them that of the blank; from {@link #slotsAt} on those of the slots.
 *
 * <p>Mutable: a sweep moves one of these from interval to interval, see {@link Emissions#seek}. It
 * points into the utterance's tables or, where there are none, at room of its own, for the frames
 * of an interval and the one after them.
 */
final class Emission {
  double[] p;
  double[] ofSlots;

  private int rowLength;
  private int slotsLength;
  private int frames;
  private int interval;
  private int first; // frame of p
  private int firstOfSlots;
  private double[] own = {};
  private double[] ownSlots = {};

  void begin(Stripes stripes, int itsSlotsLength) {
    rowLength = stripes.emissionLength();
    slotsLength = itsSlotsLength;
    frames = stripes.interval();
    own = Grow.atLeast(own, (frames + 1L) * rowLength);
    ownSlots = Grow.atLeast(ownSlots, (long) (frames + LabelStage.TOGETHER) * slotsLength);
    interval = -1;
    p = own;
    ofSlots = ownSlots;
  }

  /** Where the row of frame t is. */
  int at(int t) {
    return (t - first) * rowLength;
  }

  /** Where its slots are. */
  int slotsAt(int t) {
    return (t - firstOfSlots) * slotsLength;
  }

  /** How far it is to the row of the next frame. */
  int rowLength() {
    return rowLength;
  }

  void takePlaces(double[] table) {
    p = table;
    first = 0;
  }

  void takeSlots(double[] table) {
    ofSlots = table;
    firstOfSlots = 0;
  }

  /** Makes room for an interval where there is no table; returns whether it is to be filled. */
  boolean moveTo(int itsInterval) {
    boolean other = interval != itsInterval;
    interval = itsInterval;
    first = itsInterval * frames;
    if (ofSlots == ownSlots) {
      firstOfSlots = first;
    }
    return other;
  }
}
