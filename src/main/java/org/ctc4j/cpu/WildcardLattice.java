package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.host.LogSum;
import org.ctc4j.host.WildcardTarget;

/**
 * One step of the recursions over a target with wildcards, in the log domain and float64, S = 2L +
 * 1 states in a time that grows with S alone: what may be passed over is summed as the elements go
 * by. State 2i + 1 is element i, 2i the blank before it; the page on wildcards has the lattice.
 */
final class WildcardLattice {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final WildcardTarget target;
  private final WildcardSums sums;
  private final double[] next; // β with the emission of its frame
  private double blanks; // what comes from blanks, as sums does from elements
  private double passed; // what it cost to get here, since something could not be passed over

  WildcardLattice(WildcardTarget target) {
    this.target = target;
    this.sums = new WildcardSums(target.columnCount());
    this.next = new double[target.states()];
  }

  /** α before the first frame. */
  void begin(double[] alpha) {
    Arrays.fill(alpha, LOG_ZERO);
    alpha[0] = 0;
  }

  /**
   * α of a frame from that of the one before it.
   *
   * @param scores of the frame's columns
   */
  void alpha(double[] from, double[] scores, double[] to) {
    start(from);
    to[0] = from[0] + scores[0];
    for (int i = 0; i < target.length; i++) {
      int element = 2 * i + 1;
      double reach = LogSum.of(from[element], blanks - passed, beyond(i) - passed);
      if (target.isRun(i)) {
        reach = LogSum.of(reach, from[element + 1]);
      }
      to[element] = reach + scores[target.columns[i]];
      to[element + 1] = LogSum.of(from[element + 1], from[element]) + scores[0];
      passElement(i, from);
    }
  }

  /** ln of the sum of all paths, from the last α. */
  double total(double[] alpha) {
    start(alpha);
    for (int i = 0; i < target.length; i++) {
      passElement(i, alpha);
    }
    return LogSum.of(blanks, sums.all()) - passed;
  }

  private void start(double[] row) {
    sums.clear();
    blanks = row[0];
    passed = 0;
  }

  /** What element i may follow, or be followed by, of the elements passed. */
  private double beyond(int i) {
    int column = target.columns[i];
    return target.isLabel(column) ? sums.without(column) : sums.all();
  }

  private void passElement(int i, double[] row) {
    pass(i);
    addElement(i, row[2 * i + 1]);
    blanks = LogSum.of(blanks, row[2 * i + 2] + passed);
  }

  private void pass(int i) {
    if (target.costs[i] == Double.POSITIVE_INFINITY) {
      sums.clear();
      blanks = LOG_ZERO;
      passed = 0;
    } else {
      passed += target.costs[i];
    }
  }

  private void addElement(int i, double x) {
    int column = target.columns[i];
    if (target.isLabel(column)) {
      sums.add(x + passed, column);
    } else {
      sums.add(x + passed);
    }
  }

  /** β of the last frame, its own emission left out. */
  void end(double[] beta) {
    double toEnd = 0;
    beta[target.states() - 1] = 0;
    for (int i = target.length - 1; i >= 0; i--) {
      beta[2 * i + 1] = toEnd;
      toEnd -= target.costs[i];
      beta[2 * i] = toEnd;
    }
  }

  /**
   * β of a frame, its own emission left out, from that of the next, in place.
   *
   * @param scores of the next frame's columns
   */
  void beta(double[] beta, double[] scores) {
    for (int s = 0; s < next.length; s++) {
      next[s] = beta[s] + scores[target.column(s)];
    }
    sums.clear();
    passed = 0;
    int last = target.states() - 1;
    beta[last] =
        target.isRun(target.length - 1) ? LogSum.of(next[last], next[last - 1]) : next[last];
    for (int i = target.length - 1; i >= 0; i--) {
      int element = 2 * i + 1;
      beta[element] = LogSum.of(next[element], next[element + 1], beyond(i) - passed);
      pass(i);
      addElement(i, next[element]);
      double ofBlank = LogSum.of(next[element - 1], sums.all() - passed);
      beta[element - 1] = target.isRun(i - 1) ? LogSum.of(ofBlank, next[element - 2]) : ofBlank;
    }
  }
}
