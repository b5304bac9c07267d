package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;

/**
 * The device memory of an alignment.
 *
 * @param plain what every batch needs
 * @param wildcards what lies behind it; null where there are no wildcards
 */
public record AlignPlan(AlignWorkspace plain, AlignWildcardWorkspace wildcards) {
  /**
   * As large as it helps within a limit, or the least that there is a way with.
   *
   * @param frames T
   * @param utterances N
   * @param labels L, the length of the longest target
   */
  public static AlignPlan of(int frames, int utterances, int labels, long limit) {
    return new AlignPlan(AlignWorkspace.of(frames, utterances, labels, limit), null);
  }

  /**
   * The same with room for wildcards.
   *
   * @param classes C
   */
  public static AlignPlan withWildcards(
      int frames, int utterances, int labels, int classes, long limit) {
    AlignWorkspace plain = AlignWorkspace.of(frames, utterances, labels, limit);
    return new AlignPlan(
        plain,
        AlignWildcardWorkspace.of(frames, utterances, labels, classes, limit - plain.bytes()));
  }

  /** For a batch, of which no number is read. */
  public static AlignPlan of(DeviceBatch batch, long limit) {
    int labels = batch.targets().maxLength();
    return batch.targets().wildcards() == null
        ? of(batch.frames(), batch.utterances(), labels, limit)
        : withWildcards(batch.frames(), batch.utterances(), labels, batch.classes(), limit);
  }

  /** In all. */
  public long bytes() {
    return plain.bytes() + (wildcards == null ? 0 : wildcards.bytes());
  }
}
