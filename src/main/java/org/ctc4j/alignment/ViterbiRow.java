package org.ctc4j.alignment;

import java.util.Arrays;

/**
 * The best score of all partial paths that are in a state at one frame, for blanks and labels i
 * from a first one on.
 */
final class ViterbiRow {
  private final int first;

  /** blanks[i − first] of the blank before label i; i = L: of the last. */
  final double[] blanks;

  /** labels[i − first] of label i; i = L: −Infinity. */
  final double[] labels;

  /** Of all states for L labels, before the first frame: every path is in the first blank. */
  ViterbiRow(int length) {
    this(0, new double[length + 1], new double[length + 1]);
    Arrays.fill(blanks, Double.NEGATIVE_INFINITY);
    Arrays.fill(labels, Double.NEGATIVE_INFINITY);
    blanks[0] = 0;
  }

  private ViterbiRow(int first, double[] blanks, double[] labels) {
    this.first = first;
    this.blanks = blanks;
    this.labels = labels;
  }

  /** Blanks and labels i in [from, to] of a row of all states. */
  ViterbiRow copy(int from, int to) {
    return new ViterbiRow(
        from, Arrays.copyOfRange(blanks, from, to + 1), Arrays.copyOfRange(labels, from, to + 1));
  }

  /** Takes what was copied of a row back into one of all states. */
  void take(ViterbiRow copy) {
    System.arraycopy(copy.blanks, 0, blanks, copy.first, copy.blanks.length);
    System.arraycopy(copy.labels, 0, labels, copy.first, copy.labels.length);
  }

  /** The state in which the best of all paths through a row of all states ends. */
  int lastState() {
    int last = blanks.length - 1;
    return 2 * last - (last > 0 && labels[last - 1] > blanks[last] ? 1 : 0);
  }

  double score(int state) {
    return (state % 2 == 0 ? blanks : labels)[state / 2 - first];
  }

  /** By how many states, 0, 1 or 2, the best path into a state of the next frame moves there. */
  int move(int state, TargetStates target) {
    int i = state / 2 - first;
    double ended = i == 0 ? Double.NEGATIVE_INFINITY : labels[i - 1];
    if (state % 2 == 0) {
      return ended > blanks[i] ? 1 : 0;
    }
    if (ended + target.skip[state / 2] > Math.max(labels[i], blanks[i])) {
      return 2;
    }
    return blanks[i] > labels[i] ? 1 : 0;
  }
}
