package org.ctc4j.host;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.Wildcards;

/**
 * A target with wildcards, as its lattice needs it. What a frame weighs in a state depends on the
 * state's column: 0 is the blank, then come the distinct labels, then FRAMES, then LABELS.
 */
public final class WildcardTarget {
  /** L. */
  public final int length;

  /** Column of each element. */
  public final int[] columns;

  /** What it costs to pass over each element; +Infinity if that cannot be. */
  public final double[] costs;

  /** Class of the blank's column and of each label's. */
  public final int[] classes;

  /** Column of {@link Wildcards#FRAMES}. */
  public final int anyFrames;

  /** Column of {@link Wildcards#LABELS}. */
  public final int anyLabels;

  private WildcardTarget(int[] labels, Wildcards wildcards, int blank) {
    int[] distinct =
        Arrays.stream(labels).filter(c -> !Wildcards.is(c)).sorted().distinct().toArray();
    length = labels.length;
    classes = new int[distinct.length + 1];
    classes[0] = blank;
    System.arraycopy(distinct, 0, classes, 1, distinct.length);
    anyFrames = classes.length;
    anyLabels = anyFrames + 1;
    columns = new int[length];
    costs = new double[length];
    for (int i = 0; i < length; i++) {
      columns[i] =
          switch (labels[i]) {
            case Wildcards.FRAMES -> anyFrames;
            case Wildcards.LABELS -> anyLabels;
            default -> 1 + Arrays.binarySearch(distinct, labels[i]);
          };
      costs[i] = wildcards.costOfPassing(labels[i]);
    }
  }

  /** Of utterance n of a batch whose targets have wildcards. */
  public static WildcardTarget of(CtcBatch batch, int n, int blank) {
    int[] labels = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, labels);
    return new WildcardTarget(labels, batch.targets().wildcards(), blank);
  }

  /** How many columns there are. */
  public int columnCount() {
    return anyLabels + 1;
  }

  /** 2L + 1. */
  public int states() {
    return 2 * length + 1;
  }

  /** Column of a state. */
  public int column(int s) {
    return s % 2 == 0 ? 0 : columns[s / 2];
  }

  /**
   * Whether element i is a run of labels, which a path may come back to from the blank after it.
   */
  public boolean isRun(int i) {
    return i >= 0 && columns[i] == anyLabels;
  }

  /** Whether a column is a label's, which needs a blank between itself and its like. */
  public boolean isLabel(int column) {
    return column < anyFrames;
  }
}
