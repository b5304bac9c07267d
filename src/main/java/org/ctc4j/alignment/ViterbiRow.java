package org.ctc4j.alignment;

import java.util.Arrays;

/**
 * The best score of all partial paths that are in a state at one frame, for every state. Blanks and
 * labels lie apart, and labels a second time where the blank after them lies: so the loop over them
 * reads and writes all of its arrays at the same index, without which the JIT compiler makes no
 * vector code of it.
 */
final class ViterbiRow {
  /** blanks[i] of the blank before label i; blanks[L] of the last. */
  private final double[] blanks;

  /** labels[i] of label i. */
  private final double[] labels;

  /** ended[i] of the label before blank i: labels[i − 1]; ended[0] = −Infinity. */
  private final double[] ended;

  /** For L labels, all states impossible. */
  ViterbiRow(int length) {
    blanks = new double[length + 1];
    labels = new double[length];
    ended = new double[length + 1];
    Arrays.fill(blanks, Double.NEGATIVE_INFINITY);
    Arrays.fill(labels, Double.NEGATIVE_INFINITY);
    Arrays.fill(ended, Double.NEGATIVE_INFINITY);
  }

  /** Before the first frame every path is in the first blank. */
  void begin() {
    blanks[0] = 0;
  }

  /** Of paths that end in the last blank. */
  double endsInBlank() {
    return blanks[labels.length];
  }

  /** Of paths that end in the last label. */
  double endsInLabel() {
    return ended[labels.length];
  }

  /** What a row holds. */
  record Copy(double[] blanks, double[] ended) {}

  Copy copy() {
    return new Copy(blanks.clone(), ended.clone());
  }

  /** Blanks and labels i in [from, to], and label from − 1. */
  void restore(Copy copy, int from, int to) {
    int end = to + 1;
    System.arraycopy(copy.blanks, from, blanks, from, end - from);
    System.arraycopy(copy.ended, from, ended, from, end - from);
    System.arraycopy(copy.ended, from + 1, labels, from, Math.min(end, labels.length) - from);
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
    int labelEnd = Math.min(to + 1, target.length);
    gather(scores, target.columns, gathered, from, labelEnd);
    stepLabels(before, target.skip, gathered, from, labelEnd);
    stepBlanks(before, scores[0], from, to + 1);
    System.arraycopy(labels, from, ended, from + 1, labelEnd - from);
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
    double[] oldEnded = before.ended;
    double[] newLabels = labels;
    for (int i = from; i < labelEnd; i++) {
      double here = Math.max(oldLabels[i], oldBlanks[i]);
      newLabels[i] = Math.max(here, oldEnded[i] + skip[i]) + gathered[i];
    }
  }

  private void stepBlanks(ViterbiRow before, double blank, int from, int end) {
    double[] oldBlanks = before.blanks;
    double[] oldEnded = before.ended;
    double[] newBlanks = blanks;
    for (int i = from; i < end; i++) {
      newBlanks[i] = Math.max(oldBlanks[i], oldEnded[i]) + blank;
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
    double[] oldEnded = before.ended;
    int end = to + 1;
    for (int i = from; i < end; i++) {
      int blankFrom = oldEnded[i] > oldBlanks[i] ? 1 : 0;
      blanks[i] = (blankFrom == 0 ? oldBlanks[i] : oldEnded[i]) + scores[0];
      int labelFrom = 0;
      if (i < target.length) {
        double best = before.labels[i];
        if (oldBlanks[i] > best) {
          best = oldBlanks[i];
          labelFrom = 1;
        }
        if (oldEnded[i] + target.skip[i] > best) {
          best = oldEnded[i];
          labelFrom = 2;
        }
        labels[i] = best + scores[target.columns[i]];
        ended[i + 1] = labels[i];
      }
      into.set(i, blankFrom, labelFrom);
    }
  }
}
