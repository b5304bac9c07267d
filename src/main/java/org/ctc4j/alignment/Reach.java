package org.ctc4j.alignment;

/**
 * Which blanks and labels i matter to paths that reach label {@code end} − 1, or blank or label
 * {@code end}, before frame {@code frame}: a path moves by at most one i a frame.
 */
record Reach(int end, int frame) {
  /** The first i from which that can be reached after frame t. */
  int lowest(int t) {
    return Math.max(0, end - (frame - t));
  }

  /** The last i that can be reached by frame t. */
  int highest(int t) {
    return Math.min(t, end);
  }
}
