package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * The device memory that an alignment to targets with wildcards works in beside that of {@link
 * AlignWorkspace}: moves are kept for {@code segmentFrames} frames at a time. If that is all
 * frames, nothing is computed twice. See kernels/README.md.
 *
 * @param segmentFrames K, ≥ 1
 * @param offsetsAt offset of what is added to the score of each class, (C) float64
 * @param bytes in all
 */
record AlignWildcardWorkspace(int segmentFrames, long offsetsAt, long bytes) {
  /**
   * One segment if the workspace does not exceed the limit then; else √(4 T) frames, with which it
   * is the least, and all but the first are walked twice.
   *
   * @param frames T
   * @param utterances N
   * @param labels L, the length of the longest target
   * @param classes C
   */
  static AlignWildcardWorkspace of(
      int frames, int utterances, int labels, int classes, long limit) {
    int all = Math.max(1, frames);
    AlignWildcardWorkspace one = ofSegments(frames, utterances, labels, classes, all);
    return one.bytes <= limit
        ? one
        : ofSegments(
            frames,
            utterances,
            labels,
            classes,
            (int) Math.min(all, Math.ceil(2 * Math.sqrt(all))));
  }

  private static AlignWildcardWorkspace ofSegments(
      long frames, long utterances, long labels, long classes, int k) {
    long segments = Math.max(1, (frames + k - 1) / k);
    DeviceLayout layout = new DeviceLayout();
    layout.next(utterances * frames * 16);
    layout.next(utterances * (labels + 1) * 8);
    layout.next(utterances * segments * (labels + 1) * 16);
    layout.next(utterances * k * labels * 4);
    long offsetsAt = layout.next(classes * 8);
    return new AlignWildcardWorkspace(k, offsetsAt, layout.bytes());
  }
}
