package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * How much device memory an alignment works in, and how it is cut: moves are kept for {@code
 * segmentFrames} frames at a time. If that is all frames, nothing is computed twice. See
 * kernels/README.md.
 *
 * @param segmentFrames K, ≥ 1
 * @param offsetsAt offset of {@link TargetOffsets}
 * @param bytes in all
 */
public record AlignWorkspace(int segmentFrames, long offsetsAt, long bytes) {
  /** Rows of up to so many pairs lie in shared memory. */
  private static final int SHARED_PAIRS = 512;

  private static final int SHORTEST_SEGMENT = 16;

  // pairs that a warp holds, and how many of them are the last of the strip before
  private static final int STRIP = 64;
  private static final int SHARED_BY_STRIPS = 16;

  /**
   * One segment if the workspace does not exceed the limit then; else segments of the length with
   * the least memory, which also walk the fewest states twice, or near it.
   *
   * @param frames T
   * @param utterances N
   * @param labels L, the length of the longest target
   */
  public static AlignWorkspace of(int frames, int utterances, int labels, long limit) {
    AlignWorkspace best = ofSegments(frames, utterances, labels, Math.max(1, frames));
    if (best.bytes <= limit) {
      return best;
    }
    // in steps of an eighth: near its least the memory hardly changes
    for (long k = SHORTEST_SEGMENT; k < frames; k = Math.max(k + SHORTEST_SEGMENT, k + k / 8)) {
      AlignWorkspace next = ofSegments(frames, utterances, labels, (int) k);
      if (next.bytes < best.bytes) {
        best = next;
      }
    }
    return best;
  }

  private static AlignWorkspace ofSegments(long frames, long utterances, long labels, int k) {
    long pairs = labels + 1;
    long segments = Math.max(1, (frames + k - 1) / k);
    DeviceLayout layout = new DeviceLayout();
    layout.next(utterances * frames * 16);
    layout.next(utterances * segments * pairs * 16);
    layout.next(pairs <= SHARED_PAIRS ? 0 : utterances * 2 * pairs * 16);
    layout.next(utterances * k * moveBytes(Math.min(k + 2L, pairs)));
    long offsetsAt = layout.next(TargetOffsets.bytes(utterances, labels));
    return new AlignWorkspace(k, offsetsAt, Math.max(DeviceLayout.ALIGNMENT, layout.bytes()));
  }

  /** How many strips cover so many pairs. */
  static long strips(long pairs) {
    int step = STRIP - SHARED_BY_STRIPS;
    return pairs <= STRIP ? 1 : 1 + (pairs - STRIP + step - 1) / step;
  }

  /** Bytes for the moves to so many pairs in one frame: two pairs a byte, all that strips write. */
  static long moveBytes(long pairs) {
    return (strips(pairs) * (STRIP - SHARED_BY_STRIPS) + SHARED_BY_STRIPS) / 2;
  }
}
