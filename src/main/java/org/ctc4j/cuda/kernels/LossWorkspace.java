package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * How much device memory the kernels work in for a batch of one shape, and how it is cut: the
 * states of the recursions are kept for {@code rowsKept} frames from either end at a time. If that
 * is half the frames there is one segment and nothing is computed twice. See kernels/README.md.
 *
 * @param rowsKept K, frames whose states a segment keeps, ≥ 1
 * @param segments Q, ≥ 1
 * @param blockEdgesAt offset of what blocks hand each other that share an utterance; {@code
 *     offsetsAt} if there is no room for it
 * @param offsetsAt offset of {@link TargetOffsets}
 * @param bytes in all
 * @param wildcards what these take at the end of it; null if there are none
 */
public record LossWorkspace(
    int rowsKept,
    int segments,
    long blockEdgesAt,
    long offsetsAt,
    long bytes,
    WildcardWorkspace wildcards) {
  /** The same for a batch and what is to be made of it. */
  public static LossWorkspace of(DeviceBatch batch, DeviceResult result, long limit) {
    LossShape shape =
        new LossShape(
            batch.frames(),
            batch.utterances(),
            batch.classes(),
            batch.targets().maxLength(),
            result.gradient() != null || result.hasPosteriors());
    return of(shape, batch.targets().wildcards() != null, limit);
  }

  /**
   * The same for a shape.
   *
   * @param wildcards whether targets may have some: what these take is half of the limit
   */
  public static LossWorkspace of(LossShape shape, boolean wildcards, long limit) {
    LossWorkspace plain =
        of(
            shape.frames(),
            shape.utterances(),
            shape.classes(),
            shape.labels(),
            shape.keepsRows(),
            wildcards ? Math.max(1, limit / 2) : limit);
    return wildcards
        ? plain.with(WildcardWorkspace.of(shape, plain.bytes, Math.max(1, limit / 2)))
        : plain;
  }

  private LossWorkspace with(WildcardWorkspace wild) {
    return new LossWorkspace(
        rowsKept, segments, blockEdgesAt, offsetsAt, wild.at() + wild.bytes(), wild);
  }

  /**
   * The fewest segments with which the workspace does not exceed the limit; if none does, those
   * with the least memory. Whether the blocks of an utterance have room for what they hand each
   * other follows from the shape and the limit, not from whether the device will need it: what is
   * enough for a batch is enough for all smaller ones.
   *
   * @param frames T
   * @param utterances N
   * @param classes C
   * @param labels L, the length of the longest target
   * @param gradient whether a gradient is asked for, or posteriors: rows are kept then, for
   *     something to be made of them
   */
  public static LossWorkspace of(
      int frames, int utterances, int classes, int labels, boolean gradient, long limit) {
    long blockEdges = LatticePlan.blockEdgeBytes(frames, utterances, labels);
    LossWorkspace whole =
        ofStates(frames, utterances, classes, labels, gradient, Math.max(1, limit - blockEdges));
    return whole.bytes + blockEdges <= limit
        ? whole.with(blockEdges)
        : ofStates(frames, utterances, classes, labels, gradient, limit);
  }

  private LossWorkspace with(long blockEdges) {
    return new LossWorkspace(
        rowsKept, segments, blockEdgesAt, offsetsAt + blockEdges, bytes + blockEdges, null);
  }

  private static LossWorkspace ofStates(
      int frames, int utterances, int classes, int labels, boolean gradient, long limit) {
    int half = Math.max(1, (frames + 1) / 2);
    LossWorkspace best = null;
    for (int segments = 1; best == null || best.bytes > limit; segments++) {
      int rows = gradient ? ceilDiv(half, segments) : 1;
      if (best != null && (!gradient || rows < segments)) {
        return best; // past the square root more segments only cost more
      }
      int used = gradient ? ceilDiv(half, rows) : 1;
      LossWorkspace next = ofSegments(frames, utterances, classes, labels, rows, used);
      if (best == null || next.bytes < best.bytes) {
        best = next;
      }
    }
    return best;
  }

  /** Bytes of {@link #blockEdgesAt}. */
  long blockEdgeBytes() {
    return offsetsAt - blockEdgesAt;
  }

  private static LossWorkspace ofSegments(
      long frames, long utterances, long classes, long labels, int rows, int segments) {
    long width = Math.min(labels, classes - 1) + 1;
    long row = 2 * (labels + 1) * 8;
    DeviceLayout layout = new DeviceLayout();
    layout.next(utterances * 64);
    layout.next(utterances * 4 * (labels + 2) * 4);
    layout.next(utterances * frames * 16);
    layout.next(utterances * frames * width * 8);
    layout.next(utterances * frames * width * 8);
    layout.next(utterances * 2 * frames * 8);
    layout.next(utterances * 2 * segments * row);
    layout.next(utterances * 2 * rows * row);
    long offsetsAt = layout.next(TargetOffsets.bytes(utterances, labels));
    long bytes = Math.max(DeviceLayout.ALIGNMENT, layout.bytes());
    return new LossWorkspace(rows, segments, offsetsAt, offsetsAt, bytes, null);
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
