package org.ctc4j.cpu;

/**
 * Where the states of one frame stand in a row.
 *
 * <p>Labels are dealt out in <em>stripes</em>: stripe s holds labels [s · depth, (s + 1) · depth),
 * with the blank before each of them. As many stripes as a vector has lanes stand side by side, one
 * a lane, and make a group:
 *
 * <pre>
 * label of group g, lane k, step j: (g · lanes + k) · depth + j,  at (g · depth + j) · lanes + k
 * </pre>
 *
 * <p>So the neighbours of a vector of states are the vector before or after it, aligned as it is
 * and just computed; only at the ends of a group do numbers go from lane to lane. (M. Farrar,
 * "Striped Smith–Waterman speeds database searches six times over other SIMD implementations",
 * Bioinformatics 23(2), 2007.) And all states of a lane are near each other, so that one exponent
 * serves them, see {@link Scale}.
 *
 * <p>A row has {@link #width} blanks, then as many labels. Places past the last label are padding,
 * whose probability is 0. Mutable, so that the next utterance needs no new one.
 */
final class Stripes {
  /** The most labels of a stripe that {@code VectorGroup} is unrolled for. */
  static final int DEEP = 6;

  private Resolution resolution;
  private int labels;
  private int lanes;
  private int depth;
  private int groups;

  Stripes begin(int labels, int lanes, Resolution resolution) {
    this.resolution = resolution;
    this.labels = labels;
    this.lanes = lanes;
    int places = labels + 1;
    groups = ceil(places, lanes * resolution.depth());
    depth = ceil(places, lanes * groups);
    return this;
  }

  private static int ceil(int a, int b) {
    return (int) ((a + (long) b - 1) / b);
  }

  Resolution resolution() {
    return resolution;
  }

  /** How many rows share their exponents. */
  int interval() {
    return resolution.interval();
  }

  /** L. */
  int labels() {
    return labels;
  }

  int lanes() {
    return lanes;
  }

  /** How many labels a stripe has. */
  int depth() {
    return depth;
  }

  int groups() {
    return groups;
  }

  /** How many stripes there are. */
  int count() {
    return groups * lanes;
  }

  /** Places of blanks, and of labels, in a row. */
  int width() {
    return groups * lanes * depth;
  }

  /** The length of a row. */
  int rowLength() {
    return 2 * width();
  }

  /** The length of a row of label probabilities, with that of the blank at {@link #width}. */
  int emissionLength() {
    return width() + lanes;
  }

  /** The length of a row with its exponents. */
  int checkpointLength() {
    return rowLength() + count();
  }

  /** The length of the rows of an interval with the exponents that they have in common. */
  int intervalLength() {
    return interval() * rowLength() + count();
  }

  /** The place of label i, and of the blank before it. */
  int place(int i) {
    int stripe = i / depth;
    return (stripe / lanes * depth + i % depth) * lanes + stripe % lanes;
  }

  /** The stripe to which a place belongs. */
  int stripe(int place) {
    return place / (lanes * depth) * lanes + place % lanes;
  }
}
