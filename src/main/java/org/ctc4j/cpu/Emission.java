package org.ctc4j.cpu;

/**
 * The label probabilities of one frame, relative to the most probable label of the target there:
 * label i has m[at + i] · 2<sup>e[at + i] + 127</sup>, the blank blankM · 2<sup>blankE + 127</sup>.
 * Labels from L up to the width are padding and 0.
 *
 * <p>Mutable: a sweep moves one of these from frame to frame, see {@link Emissions#seek}. It points
 * into the utterance's table or, where there is none, at room of its own.
 */
final class Emission {
  float[] m;
  int[] e;
  int at;
  float blankM;
  int blankE;

  /** ln p(t, best), the factor that all have in common. */
  double logBest;

  /** Which frame it stands at, −1 for none. */
  int frame;

  private float[] ownM = {};
  private int[] ownE = {};

  void begin(int length) {
    ownM = Grow.atLeast(ownM, length);
    ownE = Grow.atLeast(ownE, length);
    useOwn();
    frame = -1;
  }

  void useOwn() {
    m = ownM;
    e = ownE;
    at = 0;
  }
}
