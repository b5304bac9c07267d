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

  /** Class of each slot; after them the blank. */
  int[] classOf = {};

  /** The slot of the label at each place of a row; distinct + 1 for padding. */
  int[] slotAt = {};

  /** 1 where a path may come to the label at a place from the label before, without a blank. */
  double[] skipAt = {};

  private int[] slotOfClass = {}; // −1 but while begin() runs

  /** The fewest frames that a path needs. */
  int leastFrames;

  void begin(Targets targets, int n, int classes, int blank) {
    length = targets.length(n);
    labels = Grow.atLeast(labels, length);
    slot = Grow.atLeast(slot, length);
    classOf = Grow.atLeast(classOf, length + 1L);
    if (slotOfClass.length < classes) {
      slotOfClass = new int[classes];
      Arrays.fill(slotOfClass, -1);
    }
    targets.copyTo(n, labels);
    leastFrames = length;
    distinct = 0;
    for (int i = 0; i < length; i++) {
      leastFrames += i > 0 && !skips(i) ? 1 : 0;
      int k = slotOfClass[labels[i]];
      if (k < 0) {
        k = distinct++;
        slotOfClass[labels[i]] = k;
        classOf[k] = labels[i];
      }
      slot[i] = k;
    }
    for (int k = 0; k < distinct; k++) {
      slotOfClass[classOf[k]] = -1;
    }
    classOf[distinct] = blank;
  }

  /** Lays the labels out. */
  void place(Stripes stripes) {
    int width = stripes.width();
    slotAt = Grow.atLeast(slotAt, width);
    skipAt = Grow.atLeast(skipAt, width);
    Arrays.fill(slotAt, 0, width, distinct + 1);
    Arrays.fill(skipAt, 0, width, 0);
    for (int i = 0; i < length; i++) {
      int place = stripes.place(i);
      slotAt[place] = slot[i];
      skipAt[place] = skips(i) ? 1 : 0;
    }
  }

  /** Whether a path may come to label i from label i − 1 without a blank. */
  boolean skips(int i) {
    return i > 0 && labels[i] != labels[i - 1];
  }

  /** How long a row is that has a number for each slot, the blank and padding: whole vectors. */
  static int rowLength(int distinct, int lanes) {
    return (distinct + 1 + lanes) / lanes * lanes;
  }
}
