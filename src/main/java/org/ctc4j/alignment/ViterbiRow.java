package org.ctc4j.alignment;

import java.util.Arrays;

/**
 * The best score of all partial paths that are in a state at one frame, for every state. Blanks and
 * labels lie apart, so that each step is a few plain loops that the JIT compiler turns into vector
 * code.
 */
final class ViterbiRow {
  /** blanks[i] of the blank before label i; blanks[L] of the last. */
  final double[] blanks;

  /** labels[i + 1] of label i; labels[0] = −Infinity. */
  final double[] labels;

  /** For L labels, all states impossible. */
  ViterbiRow(int length) {
    blanks = new double[length + 1];
    labels = new double[length + 1];
    Arrays.fill(blanks, Double.NEGATIVE_INFINITY);
    Arrays.fill(labels, Double.NEGATIVE_INFINITY);
  }

  private ViterbiRow(ViterbiRow other) {
    blanks = other.blanks.clone();
    labels = other.labels.clone();
  }

  ViterbiRow copy() {
    return new ViterbiRow(this);
  }

  /** Before the first frame every path is in the first blank. */
  void begin() {
    blanks[0] = 0;
  }

  /** Blanks and labels i in [from, to] of another row. */
  void copyRange(ViterbiRow other, int from, int to) {
    int count = to - from + 1;
    System.arraycopy(other.blanks, from, blanks, from, count);
    System.arraycopy(other.labels, from, labels, from, count);
    labels[Math.min(to + 1, labels.length - 1)] = other.labels[Math.min(to + 1, labels.length - 1)];
  }

  /**
   * The row of the frame after {@code before}, for blanks and labels i in [from, to]:
   *
   * <pre>
   * blank i = max(blank i, label i − 1) + score(blank)
   * label i = max(label i, blank i, label i − 1 where no blank must stand) + score(label i)
   * </pre>
   *
   * @param scores by column
   * @param gathered for L numbers, overwritten
   */
  void step(
      ViterbiRow before,
      TargetStates target,
      double[] scores,
      double[] gathered,
      int from,
      int to) {
    int end = to + 1;
    int labelEnd = Math.min(end, target.length);
    gather(scores, target.columns, gathered, from, labelEnd);
    stepLabels(before, target.skip, gathered, from, labelEnd);
    stepBlanks(before, scores[0], from, end);
  }

  // Each loop is a method of its own, up to an exclusive bound: so the JIT compiler makes the same
  // vector code of it whenever it compiles it, also in the middle of the first long call.

  private static void gather(
      double[] scores, int[] columns, double[] gathered, int from, int labelEnd) {
    for (int i = from; i < labelEnd; i++) {
      gathered[i] = scores[columns[i]];
    }
  }

  private void stepLabels(
      ViterbiRow before, double[] skip, double[] gathered, int from, int labelEnd) {
    double[] oldBlanks = before.blanks;
    double[] oldLabels = before.labels;
    double[] newLabels = labels;
    for (int i = from; i < labelEnd; i++) {
      double here = Math.max(oldLabels[i + 1], oldBlanks[i]);
      newLabels[i + 1] = Math.max(here, oldLabels[i] + skip[i]) + gathered[i];
    }
  }

  private void stepBlanks(ViterbiRow before, double blank, int from, int end) {
    double[] oldBlanks = before.blanks;
    double[] oldLabels = before.labels;
    double[] newBlanks = blanks;
    for (int i = from; i < end; i++) {
      newBlanks[i] = Math.max(oldBlanks[i], oldLabels[i]) + blank;
    }
  }

  /** As {@link #step}, and where each state came from. */
  void step(
      ViterbiRow before,
      TargetStates target,
      double[] scores,
      BackPointers into,
      int from,
      int to) {
    double[] oldBlanks = before.blanks;
    double[] oldLabels = before.labels;
    int end = to + 1;
    for (int i = from; i < end; i++) {
      int blankFrom = oldLabels[i] > oldBlanks[i] ? 1 : 0;
      blanks[i] = (blankFrom == 0 ? oldBlanks[i] : oldLabels[i]) + scores[0];
      int labelFrom = 0;
      if (i < target.length) {
        double best = oldLabels[i + 1];
        if (oldBlanks[i] > best) {
          best = oldBlanks[i];
          labelFrom = 1;
        }
        if (oldLabels[i] + target.skip[i] > best) {
          best = oldLabels[i];
          labelFrom = 2;
        }
        labels[i + 1] = best + scores[target.columns[i]];
      }
      into.set(i, blankFrom, labelFrom);
    }
  }
}
