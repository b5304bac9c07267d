package org.ctc4j.cpu;

/**
 * What one utterance keeps of its lattice, given how many bytes it may use. Results do not depend
 * on it in any bit.
 *
 * <ol>
 *   <li>Where it fits, a table of the label probabilities of all frames, read by both sweeps, and
 *       all rows of the first halves of both.
 *   <li>Of the first halves every {@code interval}-th row; the others are recomputed, one run of
 *       {@code interval} rows at a time. With interval = √rows both take the least room. So it is
 *       too where all rows would not stay in a processor's cache: to compute a row again is faster
 *       than to fetch it from memory.
 *   <li>Without the table: both sweeps compute label probabilities from the logits as they go.
 * </ol>
 *
 * <p>Mutable, so that the next utterance needs no new one.
 */
final class Plan {
  private static final int FRAME_BYTES = 5 * Double.BYTES + Integer.BYTES;
  private static final long LONGEST_ARRAY = Integer.MAX_VALUE - 64;

  /** Rows of both sweeps beyond this are not all kept. */
  private static final long CACHE_BYTES = 1 << 20;

  private final Stripes stripes = new Stripes();
  private int frames;
  private boolean table;
  private int interval;
  private long bytes;

  /**
   * @param classes C
   * @param lanes how many stripes stand side by side
   */
  Plan begin(int itsFrames, int labels, int classes, int lanes, long budget) {
    frames = itsFrames;
    stripes.begin(labels, lanes);
    long frameBytes = (long) frames * FRAME_BYTES;
    long row = stripes.rowLength();
    int half = (frames + 1) / 2;
    interval = 1;
    long rowBytes = rowBytes(half);
    if (rowBytes > CACHE_BYTES
        || frameBytes + rowBytes > budget
        || sweepRows(half, 1) * row > LONGEST_ARRAY) {
      interval = Math.max(2, (int) Math.ceil(Math.sqrt(half)));
      rowBytes = rowBytes(half);
    }
    long tableLength = (long) frames * Target.rowLength(Math.min(labels, classes), lanes);
    long tableBytes = tableLength * Double.BYTES;
    table = tableLength < LONGEST_ARRAY && frameBytes + tableBytes + rowBytes <= budget;
    bytes = frameBytes + rowBytes + (table ? tableBytes : 0);
    return this;
  }

  private long rowBytes(int half) {
    return 2 * sweepRows(half, interval) * stripes.rowLength() * Double.BYTES;
  }

  int frames() {
    return frames;
  }

  Stripes stripes() {
    return stripes;
  }

  /** Whether label probabilities are kept. */
  boolean table() {
    return table;
  }

  /** Of stored rows: 1 for all. */
  int interval() {
    return interval;
  }

  /** All of it, in bytes. */
  long bytes() {
    return bytes;
  }

  /** How many rows a sweep keeps whose first half is that many frames; two are for it to run on. */
  static long sweepRows(int half, int interval) {
    return interval == 1 ? half + 2L : (half + interval - 1) / interval + interval + 2L;
  }
}
