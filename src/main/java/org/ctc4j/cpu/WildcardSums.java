package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.host.LogSum;

/**
 * The sum of what comes from the elements of a target passed so far, with and without that of one
 * label: a label does not follow its like without a blank. All are logarithms.
 *
 * <p>Nothing is lost to cancellation. Of the label with the greatest sum, the heavy one, the sum of
 * all others is held as such. Any other is taken from the sum of all, of which the heavy one leaves
 * it no more than half. When another label becomes the heavy one, it is taken out of the others'
 * sum, and the former one, which is greater than what that was, comes in: an error that is small
 * beside the one is small beside the new sum.
 */
final class WildcardSums {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final int NONE = -1;

  private final double[] ofColumn;
  private final int[] round; // in which a column was last added to
  private int now;
  private double all = LOG_ZERO;
  private double others = LOG_ZERO; // all but the heavy one
  private int heavy = NONE;

  WildcardSums(int columns) {
    ofColumn = new double[columns];
    round = new int[columns];
    Arrays.fill(round, NONE);
  }

  /** To sums of nothing. */
  void clear() {
    now++;
    all = LOG_ZERO;
    others = LOG_ZERO;
    heavy = NONE;
  }

  /** Adds what no label is kept from. */
  void add(double x) {
    all = LogSum.of(all, x);
    others = LogSum.of(others, x);
  }

  /** Adds what comes from a label. */
  void add(double x, int column) {
    double before = of(column);
    double sum = LogSum.of(before, x);
    ofColumn[column] = sum;
    round[column] = now;
    all = LogSum.of(all, x);
    if (column == heavy) {
      return;
    }
    if (heavy == NONE || sum > ofColumn[heavy]) {
      double formerHeavy = heavy == NONE ? LOG_ZERO : ofColumn[heavy];
      others = LogSum.of(LogSum.difference(others, before), formerHeavy);
      heavy = column;
    } else {
      others = LogSum.of(others, x);
    }
  }

  double all() {
    return all;
  }

  /** Of all but a label. */
  double without(int column) {
    return column == heavy ? others : LogSum.difference(all, of(column));
  }

  private double of(int column) {
    return round[column] == now ? ofColumn[column] : LOG_ZERO;
  }
}
