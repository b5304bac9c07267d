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
 * @param bytes in all
 */
public record LossWorkspace(int rowsKept, int segments, long bytes) {
  /** The same for a batch and what is to be made of it. */
  public static LossWorkspace of(DeviceBatch batch, DeviceResult result, long limit) {
    return of(
        batch.frames(),
        batch.utterances(),
        batch.classes(),
        batch.targets().maxLength(),
        result.gradient() != null || result.hasPosteriors(),
        limit);
  }

  /**
   * The fewest segments with which the workspace does not exceed the limit; if none does, those
   * with the least memory.
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
    int half = Math.max(1, (frames + 1) / 2);
    LossWorkspace best = null;
    for (int segments = 1; best == null || best.bytes > limit; segments++) {
      int rows = gradient ? ceilDiv(half, segments) : 1;
      if (best != null && (!gradient || rows < segments)) {
        return best; // past the square root more segments only cost more
      }
      int used = gradient ? ceilDiv(half, rows) : 1;
      LossWorkspace next =
          new LossWorkspace(rows, used, bytes(frames, utterances, classes, labels, rows, used));
      if (best == null || next.bytes < best.bytes) {
        best = next;
      }
    }
    return best;
  }

  private static long bytes(
      long frames, long utterances, long classes, long labels, long rows, long segments) {
    long width = Math.min(labels, classes - 1) + 1;
    long row = 2 * (labels + 1) * 8;
    DeviceLayout layout = new DeviceLayout();
    layout.next(utterances * 64);
    layout.next(utterances * 4 * (labels + 2) * 4);
    layout.next(utterances * frames * 16);
    layout.next(utterances * frames * width * 8);
    layout.next(utterances * 2 * frames * 8);
    layout.next(utterances * 2 * segments * row);
    layout.next(utterances * 2 * rows * row);
    return Math.max(DeviceLayout.ALIGNMENT, layout.bytes());
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
