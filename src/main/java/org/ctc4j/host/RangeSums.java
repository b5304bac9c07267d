package org.ctc4j.host;

/**
 * Sums of neighbouring numbers that are 0 or more, by additions alone: none is lost in rounding.
 * Not thread-safe.
 */
public final class RangeSums {
  private int leaves;
  private double[] tree = {}; // node i is the sum of nodes 2i and 2i + 1

  /** Takes the first {@code count} of some numbers. */
  public void begin(double[] numbers, int count) {
    leaves = count;
    tree = tree.length >= 2 * leaves ? tree : new double[2 * leaves];
    System.arraycopy(numbers, 0, tree, leaves, leaves);
    for (int i = leaves - 1; i > 0; i--) {
      tree[i] = tree[2 * i] + tree[2 * i + 1];
    }
  }

  /** Of those in [from, to). */
  public double sum(int from, int to) {
    double sum = 0;
    int left = from + leaves;
    int right = to + leaves;
    for (; left < right; left >>= 1, right >>= 1) {
      if ((left & 1) == 1) {
        sum += tree[left++];
      }
      if ((right & 1) == 1) {
        sum += tree[--right];
      }
    }
    return sum;
  }
}
