package org.ctc4j.cpu;

/**
 * What one utterance keeps of its lattice, given how many bytes it may use. Results do not depend
 * on it in any bit.
 *
 * <ol>
 *   <li>Where it fits, a table of all label probabilities, read by both sweeps, and all rows of the
 *       first halves of both.
 *   <li>Without the table: both sweeps split label probabilities from the logits as they go.
 *   <li>Of the first halves every {@code interval}-th row; the others are recomputed, one run of
 *       {@code interval} rows at a time. With interval = √rows both take the least room.
 * </ol>
 *
 * <p>Mutable, so that the next utterance needs no new one.
 */
final class Plan {
  private static final int STATE_BYTES = Float.BYTES + Integer.BYTES;
  private static final int FRAME_BYTES = 4 * Double.BYTES;
  private static final long LONGEST_ARRAY = Integer.MAX_VALUE - 64;

  private int frames;
  private int labels;
  private int lanes;
  private int width;
  private boolean table;
  private int interval;
  private long bytes;

  Plan begin(int itsFrames, int itsLabels, Kernels kernels, boolean gradient, long budget) {
    frames = itsFrames;
    labels = itsLabels;
    lanes = kernels.lanes();
    width = Math.toIntExact((labels + 2L + lanes - 1) / lanes * lanes);
    long frameBytes = (long) frames * FRAME_BYTES;
    long row = 2L * width;
    long tableLength = (long) frames * width;
    long tableBytes = (tableLength + frames) * STATE_BYTES;
    int half = (frames + 1) / 2;
    interval = gradient ? 1 : 0;
    long rowBytes = 2 * sweepRows(half, interval) * row * STATE_BYTES;
    table = tableLength < LONGEST_ARRAY && frameBytes + tableBytes + rowBytes <= budget;
    if (gradient
        && !table
        && (frameBytes + rowBytes > budget || sweepRows(half, 1) * row > LONGEST_ARRAY)) {
      interval = Math.max(2, (int) Math.ceil(Math.sqrt(half)));
      rowBytes = 2 * sweepRows(half, interval) * row * STATE_BYTES;
    }
    bytes = frameBytes + rowBytes + (table ? tableBytes : 0);
    return this;
  }

  int frames() {
    return frames;
  }

  /** What the width is a multiple of. */
  int lanes() {
    return lanes;
  }

  /** Of a row of blanks or labels, see {@link Kernels}. */
  int width() {
    return width;
  }

  /** Whether label probabilities are kept. */
  boolean table() {
    return table;
  }

  /** Of stored rows: 1 for all, 0 for none, when only the loss is asked for. */
  int interval() {
    return interval;
  }

  /** All of it, in bytes. */
  long bytes() {
    return bytes;
  }

  /** From there on the blanks and labels of frame t can still come to the end; whole vectors. */
  int low(int t) {
    return Math.max(labels - frames + t, 0) / lanes * lanes;
  }

  /** Up to there blanks and labels can have been come to in frame t; whole vectors. */
  int high(int t) {
    return Math.min(t / lanes * lanes + lanes, width);
  }

  /** How many rows a sweep keeps whose first half is that many frames; two are for it to run on. */
  static long sweepRows(int half, int interval) {
    return switch (interval) {
      case 0 -> 2;
      case 1 -> half + 2L;
      default -> (half + interval - 1) / interval + interval + 2L;
    };
  }
}
