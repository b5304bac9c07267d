package org.ctc4j.cpu;

/**
 * Some rows of alpha or of beta, each computed from the one before it in the order of its
 * recursion. Mutable: a {@link Sweep} has one, and moves it on.
 */
final class LatticeRows {
  Stripes stripes;
  Target target;

  /** What the rows lie in. */
  double[] m = {};

  /** Where the row before them is, still without {@link Scale#rescale}. */
  int from;

  /** Where they go, one after another. */
  int to;

  /** How many there are. */
  int count;

  /** The frame whose probabilities the first of them takes. */
  int t;

  /** Their exponents; gets the sums of the last row. */
  Scale scale;

  EmissionRows emission;
}
