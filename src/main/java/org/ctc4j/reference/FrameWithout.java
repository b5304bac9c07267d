package org.ctc4j.reference;

/**
 * The sum of a frame's probabilities without some of its classes, three at most, to the precision
 * of the smallest: nothing is taken from a sum that is more than four times what remains.
 */
final class FrameWithout {
  static final int NONE = -1;

  private static final int MOST = 3;

  private final double[] y;
  private final int[] largest = {NONE, NONE, NONE}; // the most probable classes
  private final double[] rest = new double[MOST + 1]; // Σ y without the first i of these

  /**
   * @param y the probabilities of all classes
   */
  FrameWithout(double[] y) {
    this.y = y;
    for (int c = 0; c < y.length; c++) {
      for (int i = 0, next = c; i < MOST && next != NONE; i++) {
        if (largest[i] == NONE || y[next] > y[largest[i]]) {
          int smaller = largest[i];
          largest[i] = next;
          next = smaller;
        }
      }
    }
    for (int c = 0; c < y.length; c++) {
      boolean counted = c == largest[0] || c == largest[1] || c == largest[2];
      rest[MOST] += counted ? 0 : y[c];
    }
    for (int i = MOST - 1; i >= 0; i--) {
      rest[i] = rest[i + 1] + (largest[i] == NONE ? 0 : y[largest[i]]);
    }
  }

  /** Without three classes, all different or {@link #NONE}. */
  double sum(int a, int b, int c) {
    int left = 0; // so many of the largest are left out
    while (left < MOST && largest[left] != NONE && isOneOf(largest[left], a, b, c)) {
      left++;
    }
    return rest[left] - remaining(a, left) - remaining(b, left) - remaining(c, left);
  }

  private static boolean isOneOf(int x, int a, int b, int c) {
    return x == a || x == b || x == c;
  }

  /** What a class contributes to {@code rest[left]}. */
  private double remaining(int c, int left) {
    for (int i = 0; i < left; i++) {
      if (c == largest[i]) {
        return 0;
      }
    }
    return c == NONE ? 0 : y[c];
  }
}
