package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.Targets;

/** The labels of one utterance, and what the stages want to know of them. */
final class Target {
  /** L. */
  int length;

  /** Class of label i, i &lt; L. */
  int[] labels = {};

  /** How many different classes the labels have; they are numbered in order of appearance. */
  int distinct;

  /** Which of the distinct classes label i has. */
  int[] slot = {};

  /** Class of each slot. */
  int[] classOf = {};

  /** First label of each slot. */
  int[] first = {};

  /** 0 where a path may come to label i from label i − 1 without a blank, else ZERO. */
  int[] skip = {};

  private int[] slotOfClass = {}; // −1 but while begin() runs

  /** The fewest frames that a path needs. */
  int leastFrames;

  void begin(Targets targets, int n, int classes, int rowLength) {
    length = targets.length(n);
    labels = Grow.atLeast(labels, length);
    slot = Grow.atLeast(slot, length);
    classOf = Grow.atLeast(classOf, length);
    first = Grow.atLeast(first, length);
    skip = Grow.atLeast(skip, rowLength);
    if (slotOfClass.length < classes) {
      slotOfClass = new int[classes];
      Arrays.fill(slotOfClass, -1);
    }
    targets.copyTo(n, labels);
    leastFrames = length;
    distinct = 0;
    Arrays.fill(skip, Extended.ZERO);
    for (int i = 0; i < length; i++) {
      if (i > 0 && labels[i] == labels[i - 1]) {
        leastFrames++;
      } else if (i > 0) {
        skip[i] = 0;
      }
      int k = slotOfClass[labels[i]];
      if (k < 0) {
        k = distinct++;
        slotOfClass[labels[i]] = k;
        classOf[k] = labels[i];
        first[k] = i;
      }
      slot[i] = k;
    }
    for (int k = 0; k < distinct; k++) {
      slotOfClass[classOf[k]] = -1;
    }
  }
}
