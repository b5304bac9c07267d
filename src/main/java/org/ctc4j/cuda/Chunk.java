package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;

/**
 * Utterances [first, first + count) of a host call, which go to the device together. Only the
 * frames they use do, packed one utterance behind the other.
 *
 * @param frames T, the most that one uses
 * @param labels L, of the longest target
 * @param totalFrames of all together
 * @param totalLabels of all together
 * @param workspace for the kernels
 */
record Chunk(
    int first,
    int count,
    int frames,
    int labels,
    long totalFrames,
    long totalLabels,
    Workspace workspace) {

  /**
   * The longest run of utterances from {@code first} on, one at least, that stays within both
   * limits.
   *
   * @param logitsLimit bytes of logits, or of as many numbers as the widest output has
   * @param workspaceLimit bytes; what a single utterance cannot do without is taken nonetheless
   */
  static Chunk next(
      HostCall call, int first, int mostUtterances, long logitsLimit, long workspaceLimit) {
    Chunk chunk = null;
    int end = first + Math.min(call.batch().utterances() - first, mostUtterances);
    for (int n = first; n < end; n++) {
      Chunk longer = extended(call, chunk, n, workspaceLimit);
      boolean fits =
          longer.totalFrames * call.widest() * call.logits().stagedType().bytes() <= logitsLimit
              && longer.workspace.bytes() <= workspaceLimit
              && (long) longer.frames * longer.count < Integer.MAX_VALUE
              && longer.totalLabels < Integer.MAX_VALUE / 8;
      if (chunk != null && !fits) {
        return chunk;
      }
      chunk = longer;
    }
    return chunk;
  }

  private static Chunk extended(HostCall call, Chunk chunk, int n, long workspaceLimit) {
    CtcBatch batch = call.batch();
    int used = batch.inputLength(n);
    int length = batch.targets().length(n);
    int first = chunk == null ? n : chunk.first;
    int count = n - first + 1;
    int frames = chunk == null ? used : Math.max(chunk.frames, used);
    int labels = Math.max(chunk == null ? call.leastLabels() : chunk.labels, length);
    return new Chunk(
        first,
        count,
        frames,
        labels,
        used + (chunk == null ? 0 : chunk.totalFrames),
        length + (chunk == null ? 0 : chunk.totalLabels),
        Workspace.of(frames, count, call.classes(), labels, call.needsRows(), workspaceLimit));
  }

  int end() {
    return first + count;
  }

  /** For messages. */
  String shape(HostCall call) {
    return "utterances %d to %d, (T, N, C) = (%d, %d, %d), L = %d"
        .formatted(first, end() - 1, frames, count, call.classes(), labels);
  }
}
