package org.ctc4j.cpu;

/**
 * How a projected batch is cut. Fixed, and not to be chosen by the number of threads or the memory
 * there is, because the bits of the results depend on it.
 *
 * <p>With the numbers of {@link #DEFAULT} and D = 512 a panel with its chunk takes 16 MiB in
 * float32, and each thread 1.5 MiB more.
 *
 * @param rangeFrames frames of one utterance that are multiplied as one matrix, at most
 * @param tile classes that are
 * @param chunk tiles that are held at the same time, of all ranges of a panel
 * @param panel frames of several utterances that share a chunk, at most
 * @param sections of the classes that are gone through apart for the log-sum-exp, at most
 * @param group compact logits that are held at the same time, unless one utterance has more
 */
record ProjectionTiling(int rangeFrames, int tile, int chunk, int panel, int sections, int group) {
  static final ProjectionTiling DEFAULT = new ProjectionTiling(256, 512, 2, 2048, 8, 1 << 24);

  /** Hidden states of a panel, and weights of a tile, are at most that many numbers. */
  private static final int LARGEST = 1 << 24;

  /** The same, or smaller where there are so many dimensions that it would be too much. */
  ProjectionTiling forDimensions(int dimensions) {
    int most = Math.max(1, LARGEST / dimensions);
    return new ProjectionTiling(
        Math.min(rangeFrames, most),
        Math.min(tile, most),
        chunk,
        Math.min(panel, most),
        sections,
        group);
  }
}
