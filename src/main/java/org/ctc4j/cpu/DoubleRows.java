package org.ctc4j.cpu;

/** Some rows of numbers that lie one after another from the start of an array. Mutable. */
final class DoubleRows {
  double[] x;

  /** How many rows. */
  int count;

  /** How many numbers a row has. */
  int length;

  DoubleRows of(double[] x, int count, int length) {
    this.x = x;
    this.count = count;
    this.length = length;
    return this;
  }
}
