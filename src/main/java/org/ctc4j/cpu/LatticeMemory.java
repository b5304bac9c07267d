package org.ctc4j.cpu;

/**
 * What one utterance keeps of its lattice, given how many bytes it may use. Results do not depend
 * on it in any bit.
 *
 * <ol>
 *   <li>For the loss alone: no rows, only the exponents of each interval.
 *   <li>Where they fit, and would stay in a processor's cache, tables of the label probabilities of
 *       all frames, by column and by place, read by both sweeps, and all rows of the first halves
 *       of both.
 *   <li>Of probabilities by place those of an interval, dealt out anew by each sweep.
 *   <li>Of the first halves one row of every {@code spacing}-th interval; the others are
 *       recomputed, one run of {@code spacing} intervals at a time. With about √ of them both take
 *       the least room. To compute a row again is faster than to fetch it from memory.
 *   <li>Without any table: both sweeps compute label probabilities from the logits as they go.
 * </ol>
 *
 * <p>Mutable, so that the next utterance needs no new one.
 */
final class LatticeMemory {
  private static final int FRAME_BYTES = 5 * Double.BYTES + Integer.BYTES;
  private static final long LONGEST_ARRAY = Integer.MAX_VALUE - 64;

  /** Rows of both sweeps beyond this are not all kept, nor are probabilities by place. */
  private static final long CACHE_BYTES = 1 << 20;

  private final Stripes stripes = new Stripes();
  private int frames;
  private int labels;
  private int classes;
  private boolean rows;
  private long budget;
  private int intervals;
  private boolean columnTable;
  private boolean placeTable;
  private int spacing;
  private long bytes;

  /**
   * @param labels L
   * @param classes C
   * @param rows whether products of rows are asked for, or the loss alone
   * @param budget bytes that may be used
   */
  LatticeMemory begin(int frames, int labels, int classes, boolean rows, long budget) {
    this.frames = frames;
    this.labels = labels;
    this.classes = classes;
    this.rows = rows;
    this.budget = budget;
    return this;
  }

  /**
   * Divides it.
   *
   * @param lanes how many stripes stand side by side
   */
  LatticeMemory divide(int lanes, Resolution resolution) {
    stripes.begin(labels, lanes, resolution);
    intervals = (int) ((frames + stripes.interval() - 1L) / stripes.interval());
    long frameBytes = (long) frames * FRAME_BYTES;
    spacing = rows ? 1 : 0;
    long rowBytes = rowBytes();
    if (rows
        && (rowBytes > CACHE_BYTES
            || frameBytes + rowBytes > budget
            || sweepLength(half(true)) > LONGEST_ARRAY)) {
      spacing = Math.max(2, (int) Math.ceil(Math.sqrt((double) half(true) / stripes.interval())));
      rowBytes = rowBytes();
    }
    long columns = ((long) frames + EmissionRows.AT_ONCE) * (Math.min(labels, classes) + 1 + lanes);
    bytes = frameBytes + rowBytes;
    columnTable = columns < LONGEST_ARRAY && bytes + columns * Double.BYTES <= budget;
    bytes += columnTable ? columns * Double.BYTES : 0;
    long placeBytes = (long) frames * stripes.emissionLength() * Double.BYTES;
    placeTable =
        columnTable
            && resolution == Resolution.COARSE
            && placeBytes <= CACHE_BYTES
            && bytes + placeBytes <= budget;
    bytes += placeTable ? placeBytes : 0;
    return this;
  }

  private long rowBytes() {
    return (sweepLength(half(true)) + sweepLength(half(false))) * Double.BYTES;
  }

  int frames() {
    return frames;
  }

  /** How many intervals of {@link Stripes#interval} frames there are, the last perhaps shorter. */
  int intervals() {
    return intervals;
  }

  /** How many of them alpha, or beta, goes through before the two meet. */
  int half(boolean forward) {
    return forward ? (intervals + 1) / 2 : intervals / 2;
  }

  Stripes stripes() {
    return stripes;
  }

  /** Whether label probabilities are kept by column. */
  boolean columnTable() {
    return columnTable;
  }

  /** Whether they are also kept by place. */
  boolean placeTable() {
    return placeTable;
  }

  /** How many intervals share a checkpoint; 1 where all rows are kept, 0 where none is. */
  int spacing() {
    return spacing;
  }

  /** All of it, in bytes. */
  long bytes() {
    return bytes;
  }

  /** The length of what a sweep keeps of its first half apart from whole intervals. */
  long checkpointsLength(int half) {
    return switch (spacing) {
      case 0 -> (long) half * stripes.count();
      case 1 -> 0;
      default -> (half + spacing - 1L) / spacing * stripes.checkpointLength();
    };
  }

  /** How many whole intervals it keeps. */
  int keptIntervals(int half) {
    return spacing == 1 ? half : spacing;
  }

  /** How many numbers it keeps in all; two intervals are for it to run on. */
  long sweepLength(int half) {
    return checkpointsLength(half) + (keptIntervals(half) + 2L) * stripes.intervalLength();
  }
}
