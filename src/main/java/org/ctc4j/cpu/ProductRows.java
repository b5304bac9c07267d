package org.ctc4j.cpu;

/** Products of alpha and beta of some frames: posteriors, but for a factor. Mutable. */
final class ProductRows {
  /** How many frames. */
  int count;

  /** Whether those of single blanks are asked for, and not their sums alone. */
  boolean ofEachBlank;

  /** Row after row as {@link Stripes} lays them out, blanks and labels. */
  double[] ofStates = {};

  /** The sum over the blanks of each row. */
  final double[] ofBlanks = new double[Resolution.COARSE.interval()];

  void begin(Stripes stripes) {
    long rows = Math.max(stripes.interval(), EmissionRows.AT_ONCE);
    ofStates = KeptArrays.atLeast(ofStates, rows * stripes.rowLength());
  }
}
