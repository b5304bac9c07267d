package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * How much device memory {@code ctc_wildcards_*} work in, and how it is cut, see kernels/README.md:
 * states are kept for {@code rowsKept} frames at a time, from the last on.
 *
 * @param at offset in the workspace of the call
 * @param rowsKept K, frames whose states a segment keeps; 0 for losses only
 * @param segments Q, ≥ 1
 * @param plainLengthsAt offset from {@code at} of the target lengths of the other utterances
 * @param offsetsAt offset from {@code at} of what is added to the classes, (C) float64
 * @param bytes of all this
 */
record WildcardWorkspace(
    long at, int rowsKept, int segments, long plainLengthsAt, long offsetsAt, long bytes) {
  private static final long NUMBER = 16; // bytes of a state

  /**
   * The fewest segments with which this does not exceed the limit; if none does, those with the
   * least memory.
   */
  static WildcardWorkspace of(LossShape shape, long at, long limit) {
    int frames = Math.max(1, shape.frames());
    if (!shape.keepsRows()) {
      return ofSegments(shape, at, 0, 1);
    }
    WildcardWorkspace best = null;
    for (int segments = 1; best == null || best.bytes > limit; segments++) {
      int rows = ceilDiv(frames, segments);
      if (best != null && rows < segments) {
        return best; // past the square root more segments only cost more
      }
      WildcardWorkspace next = ofSegments(shape, at, rows, ceilDiv(frames, rows));
      best = best == null || next.bytes < best.bytes ? next : best;
    }
    return best;
  }

  private static WildcardWorkspace ofSegments(LossShape shape, long at, int rows, int segments) {
    long utterances = shape.utterances();
    long labels = shape.labels();
    long row = (2 * labels + 1) * NUMBER;
    long leaves = Long.highestOneBit(labels + 1);
    leaves = leaves > labels ? leaves : 2 * leaves;
    DeviceLayout layout = new DeviceLayout();
    layout.next(utterances * 64);
    long lengthsAt = layout.next(utterances * 4);
    layout.next(utterances * 8 * labels * 4);
    layout.next(utterances * 8 * leaves * NUMBER);
    layout.next(utterances * 4 * leaves * NUMBER);
    layout.next(utterances * shape.frames() * 80);
    layout.next(utterances * 3 * row);
    layout.next(utterances * segments * row);
    layout.next(utterances * rows * row);
    long offsetsAt = layout.next(8L * shape.classes());
    return new WildcardWorkspace(at, rows, segments, lengthsAt, offsetsAt, layout.bytes());
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
