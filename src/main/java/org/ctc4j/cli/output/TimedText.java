package org.ctc4j.cli.output;

/**
 * A label, a word or a segment, and its frames [start, end).
 *
 * @param from position of its first label
 * @param to position after its last label
 */
public record TimedText(String text, int from, int to, int start, int end, Trust trust) {

  /**
   * How sure it is.
   *
   * @param confidence geometric mean of the probabilities of its frames that are on a label
   * @param logRatio ln p(path) − ln p(greedy path) over its frames; NaN of a greedy path
   * @param share of the n-best that has it; NaN where there is none
   */
  public record Trust(double confidence, double logRatio, double share) {}
}
