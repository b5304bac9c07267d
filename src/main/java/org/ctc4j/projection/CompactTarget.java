package org.ctc4j.projection;

import java.util.Arrays;
import org.ctc4j.Targets;

/**
 * One utterance's target in compact classes: 0 is the blank, 1 … k are the k different labels of
 * the target in ascending order, and what follows stands for all other classes together. Immutable.
 */
public final class CompactTarget {
  private final int[] classes; // classes[i] is what compact class i is, i ≤ k
  private final int[] labels;

  private CompactTarget(int[] classes, int[] labels) {
    this.classes = classes;
    this.labels = labels;
  }

  /** Of utterance n. */
  public static CompactTarget of(Targets targets, int n, int blank) {
    int[] labels = new int[targets.length(n)];
    targets.copyTo(n, labels);
    int[] different = Arrays.stream(labels).sorted().distinct().toArray();
    int[] classes = new int[different.length + 1];
    classes[0] = blank;
    System.arraycopy(different, 0, classes, 1, different.length);
    for (int i = 0; i < labels.length; i++) {
      labels[i] = Arrays.binarySearch(different, labels[i]) + 1;
    }
    return new CompactTarget(classes, labels);
  }

  /** k + 1: blank and labels, without the others. */
  public int classes() {
    return classes.length;
  }

  /** The class that compact class i is, 0 ≤ i ≤ k. */
  public int classOf(int i) {
    return classes[i];
  }

  /** The first compact class from 1 on that is class c or a higher one; k + 1 if there is none. */
  public int firstFrom(int c) {
    int i = Arrays.binarySearch(classes, 1, classes.length, c);
    return i >= 0 ? i : -i - 1;
  }

  /** The target in compact classes; not a copy. */
  public int[] labels() {
    return labels;
  }
}
