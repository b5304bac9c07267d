package org.ctc4j.cuda.host;

/**
 * Utterances [first, first + count) of a host call, which go to the device together. Only the
 * frames they use do, packed one utterance behind the other.
 *
 * @param frames T, the most that one uses
 * @param labels L, of the longest target
 * @param totalFrames of all together
 * @param totalLabels of all together
 */
record Chunk(int first, int count, int frames, int labels, long totalFrames, long totalLabels) {

  /**
   * @param leastLabels what L is at least
   */
  static Chunk empty(int first, int leastLabels) {
    return new Chunk(first, 0, 0, leastLabels, 0, 0);
  }

  /** With one utterance more, of so many used frames and labels. */
  Chunk with(int used, int length) {
    return new Chunk(
        first,
        count + 1,
        Math.max(frames, used),
        Math.max(labels, length),
        totalFrames + used,
        totalLabels + length);
  }

  int end() {
    return first + count;
  }

  /** Whether 32 bits are enough where the kernels take them to be. */
  boolean isCountable() {
    return (long) frames * count < Integer.MAX_VALUE && totalLabels < Integer.MAX_VALUE / 8;
  }

  /** For messages. */
  String shape(int classes) {
    return "utterances %d to %d, (T, N, C) = (%d, %d, %d), L = %d"
        .formatted(first, end() - 1, frames, count, classes, labels);
  }
}
