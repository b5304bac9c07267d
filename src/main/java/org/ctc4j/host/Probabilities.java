package org.ctc4j.host;

/** Probabilities that are given in place of their logarithms. */
public final class Probabilities {
  private Probabilities() {}

  /**
   * ln p; −Infinity for 0 and for what rounding has taken below it. NaN and +Infinity stay what
   * they are.
   */
  public static double log(double p) {
    return Math.log(Math.max(p, 0));
  }
}
