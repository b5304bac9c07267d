package org.ctc4j.cpu;

/**
 * The probabilities of one frame that the lattice needs, relative to the largest of them: that of
 * the k-th distinct class of the target is p[at + k], after them comes the blank, after it a 0 for
 * padding.
 *
 * <p>Mutable: a sweep moves one of these from frame to frame, see {@link Emissions#seek}. It points
 * into the utterance's table or, where there is none, at room of its own.
 */
final class Emission {
  double[] p;
  int at;

  /** Which frame it stands at, −1 for none. */
  int frame;

  private double[] own = {};

  /**
   * @param length of a row
   */
  void begin(int length) {
    own = Grow.atLeast(own, length);
    useOwn();
    frame = -1;
  }

  void useOwn() {
    p = own;
    at = 0;
  }
}
