package org.ctc4j.cpu;

/**
 * What a thread knows of some frames that go through {@link FrameStage} together. A step for all of
 * them and then the next step keeps the processor busy, where the steps of one frame would wait for
 * each other.
 */
final class FrameBlock {
  /** So many numbers of logits and of the gradient stay in the first cache. */
  private static final int NUMBERS = 2048;

  private static final int MOST = 32;

  /** Where the rows of logits and of the gradient stand. */
  final int[] at = new int[MOST];

  final int[] outAt = new int[MOST];

  /** Σ e<sup>x − shift</sup> of each, and the shift. */
  final double[] sums = new double[MOST];

  final double[] shifts = new double[MOST];

  /** Room for ln p(t, best) of each. */
  final double[] logs = new double[MOST];

  /** Logits of the columns, one row after the other. */
  double[] ofColumns = {};

  /** How many frames there may be. */
  static int most(int classes) {
    return Math.max(1, Math.min(MOST, NUMBERS / classes));
  }

  /**
   * @param columnsLength how many numbers a row of the columns has
   */
  void begin(int classes, int columnsLength) {
    ofColumns = KeptArrays.atLeast(ofColumns, (long) most(classes) * columnsLength);
  }
}
