package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;

/**
 * One call on a batch in host memory: its arguments and where its results go, as {@link
 * AlignmentBackend#run} got them.
 */
record HostAlignment(
    CtcBatch batch,
    CtcOptions options,
    HostTensor logits,
    int[][] states,
    double[][] logProbabilities,
    CtcStatus[] statuses) {

  int classes() {
    return batch.logits().classes();
  }

  /** Frames that utterance n uses. */
  int frames(int n) {
    return batch.inputLength(n);
  }

  /**
   * Utterances [first, end), which go to the device together, packed one behind the other.
   *
   * @param frames T, the most that one uses
   * @param labels L, of the longest target
   * @param totalFrames of all together
   * @param totalLabels of all together
   */
  record Chunk(
      int first,
      int end,
      int frames,
      int labels,
      long totalFrames,
      long totalLabels,
      AlignWorkspace workspace) {
    int count() {
      return end - first;
    }

    /** For messages. */
    String shape(int classes) {
      return "the alignment of utterances %d to %d, (T, N, C) = (%d, %d, %d), L = %d"
          .formatted(first, end - 1, frames, count(), classes, labels);
    }
  }

  /**
   * The longest run of utterances from {@code first} on, one at least, that stays within both
   * limits.
   *
   * @param logitsLimit bytes of logits
   * @param workspaceLimit bytes; what a single utterance cannot do without is taken nonetheless
   */
  Chunk chunk(int first, int mostUtterances, long logitsLimit, long workspaceLimit) {
    Chunk chunk = null;
    int last = (int) Math.min(batch.utterances(), (long) first + mostUtterances);
    for (int n = first; n < last; n++) {
      Chunk longer = extended(chunk, n, workspaceLimit);
      boolean fits =
          longer.totalFrames * classes() * logits.stagedType().bytes() <= logitsLimit
              && longer.workspace.bytes() <= workspaceLimit
              && (long) longer.frames * longer.count() < Integer.MAX_VALUE
              && longer.totalLabels < Integer.MAX_VALUE / 8;
      if (chunk != null && !fits) {
        return chunk;
      }
      chunk = longer;
    }
    return chunk;
  }

  private Chunk extended(Chunk chunk, int n, long workspaceLimit) {
    int used = batch.inputLength(n);
    int length = batch.targets().length(n);
    int first = chunk == null ? n : chunk.first;
    int frames = chunk == null ? used : Math.max(chunk.frames, used);
    int labels = chunk == null ? length : Math.max(chunk.labels, length);
    return new Chunk(
        first,
        n + 1,
        frames,
        labels,
        used + (chunk == null ? 0 : chunk.totalFrames),
        length + (chunk == null ? 0 : chunk.totalLabels),
        AlignWorkspace.of(frames, n + 1 - first, labels, workspaceLimit));
  }
}
