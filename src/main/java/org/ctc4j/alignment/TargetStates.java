package org.ctc4j.alignment;

import java.util.Arrays;

/**
 * The labels of a target for recursions over them: which of the target's distinct classes each is,
 * and which may be reached past a blank. Slot 0 is the blank.
 */
final class TargetStates {
  /** L. */
  final int length;

  /** Class index of each column: the blank, then the target's classes without repetition. */
  final int[] classes;

  /** columns[i] of label i, ≥ 1. */
  final int[] columns;

  /** What a step from label i − 1 to label i adds: 0, or −Infinity where a blank must stand. */
  final double[] skip;

  /**
   * @param allClasses C
   */
  TargetStates(int[] target, int blank, int allClasses) {
    length = target.length;
    columns = new int[length];
    skip = new double[length];
    int[] columnOf = new int[allClasses];
    int[] found = new int[Math.min(length, allClasses) + 1];
    found[0] = blank;
    int count = 1;
    for (int i = 0; i < length; i++) {
      if (columnOf[target[i]] == 0) {
        columnOf[target[i]] = count;
        found[count++] = target[i];
      }
      columns[i] = columnOf[target[i]];
      boolean blankNeeded = i == 0 || target[i] == target[i - 1];
      skip[i] = blankNeeded ? Double.NEGATIVE_INFINITY : 0;
    }
    classes = Arrays.copyOf(found, count);
  }
}
