package org.ctc4j.cpu;

import java.util.Arrays;

/**
 * One of the two recursions over one utterance: alpha from the first frame on, or beta from the
 * last. It goes interval by interval; interval i has frames [i · {@link Stripes#interval}, (i + 1)
 * · interval). Position p is the p-th interval in its own order, and so are the rows of an
 * interval.
 *
 * <p>The first half of the intervals is kept, all rows or as checkpoints, for the other recursion
 * to be multiplied with; see {@link LatticeMemory}. The second half is gone through interval by
 * interval. The two share nothing that either writes, but for the segment of recomputed intervals,
 * which only the other one uses.
 */
final class Sweep {
  /** Rows as {@link Stripes} have them; an interval's exponents stand after its rows. */
  double[] m = {};

  /** Beside the best path of the first half. */
  final OtherPaths others;

  private final boolean forward;
  private final Scale scale;
  private final Scale recomputed;
  private final LatticeRows rows = new LatticeRows();
  private final LatticeRows recomputedRows = new LatticeRows(); // another thread's, maybe
  private Emissions emissions;
  private Target target;
  private Stripes stripes;
  private int frames;
  private int intervals;
  private int half;
  private int rowLength;
  private int spacing;
  private int kept; // where whole intervals begin, after the checkpoints
  private int running; // the first of the two intervals that the second half runs on
  private int segment; // which intervals are recomputed, spacing at a time; −1 for none
  private int current;

  Sweep(boolean forward) {
    this.forward = forward;
    this.others = new OtherPaths(forward);
    this.scale = new Scale(forward);
    this.recomputed = new Scale(forward);
  }

  void begin(Utterance utterance) {
    LatticeMemory memory = utterance.memory;
    emissions = utterance.emissions;
    target = utterance.target;
    stripes = memory.stripes();
    frames = memory.frames();
    intervals = memory.intervals();
    half = memory.half(forward);
    rowLength = stripes.rowLength();
    spacing = memory.spacing();
    m = KeptArrays.atLeast(m, memory.sweepLength(half));
    kept = (int) memory.checkpointsLength(half);
    running = memory.keptIntervals(half);
    scale.begin(stripes);
    recomputed.begin(stripes);
    segment = -1;
    others.begin(utterance);
    begin(rows, scale);
    begin(recomputedRows, recomputed);
  }

  private void begin(LatticeRows rows, Scale scale) {
    rows.stripes = stripes;
    rows.target = target;
    rows.m = m;
    rows.scale = scale;
  }

  /** Where the second half begins. */
  int half() {
    return half;
  }

  /** The interval at position p, and the other way round. */
  int interval(int p) {
    return forward ? p : intervals - 1 - p;
  }

  /** Where the rows of the position at work are. */
  int current() {
    return current;
  }

  /** Where the row of a frame is, given where the rows of its interval are. */
  int row(int rows, int t) {
    int first = t / stripes.interval() * stripes.interval();
    return rows + rowLength * (forward ? t - first : last(first) - t);
  }

  /** Moves a cursor to the row of a frame, given where the rows of its interval are. */
  void seekRow(int rows, int t, RowCursor cursor) {
    cursor.m = m;
    cursor.at = row(rows, t);
    cursor.step = forward ? rowLength : -rowLength;
  }

  private int last(int first) {
    return Math.min(first + stripes.interval(), frames) - 1;
  }

  /** Goes through the first half. */
  void firstHalf(Scratch scratch) {
    others.start(frames);
    for (int p = 0; p < half; p++) {
      next(p, scratch);
      follow(p, scratch.emission);
      if (spacing == 0) {
        scale.store(m, keptExponents(p));
      } else if (spacing > 1 && p % spacing == 0) {
        int to = p / spacing * stripes.checkpointLength();
        System.arraycopy(m, current, m, to, rowLength);
        scale.store(m, to + rowLength);
      }
    }
  }

  /** Takes the frames of position p along the best path, but for the last before the meeting. */
  private void follow(int p, EmissionRows emission) {
    int first = interval(p) * stripes.interval();
    int count = last(first) - first + (forward && p == half - 1 ? 0 : 1);
    int t = firstFrame(p);
    others.seek(m, exponents(current), emission);
    for (int i = 0; i < count && others.isOnPath(); i++) {
      others.step(forward ? t + i : t - i, current + i * rowLength);
    }
  }

  /** Goes from position p − 1 to p; returns where the rows are. */
  int next(int p, Scratch scratch) {
    int to = keptAt(spacing == 1 && p < half ? p : running + p % 2);
    emissions.seek(interval(p), scratch.emission, scratch);
    rows.emission = scratch.emission;
    if (p == 0) {
      start(to, scratch.emission);
      computeRest(rows, p, to, scratch.kernels);
    } else {
      compute(rows, p, current, to, scratch.kernels);
    }
    current = to;
    return to;
  }

  /** Where the exponents of an interval are, given where its rows are. */
  int exponents(int rows) {
    return rows + stripes.interval() * rowLength;
  }

  /** Where the exponents of position p are, p in the first half, if no rows are kept. */
  int keptExponents(int p) {
    return p * stripes.count();
  }

  /** Where the rows of position p are, p in the first half; p must not grow from call to call. */
  int rows(int p, Scratch scratch) {
    if (spacing == 1) {
      return keptAt(p);
    }
    if (segment != p / spacing) {
      segment = p / spacing;
      recompute(segment * spacing, Math.min((segment + 1) * spacing, half), scratch);
    }
    return keptAt(p % spacing);
  }

  private void recompute(int from, int to, Scratch scratch) {
    recomputedRows.emission = scratch.recomputed;
    int checkpoint = from / spacing * stripes.checkpointLength();
    System.arraycopy(m, checkpoint, m, keptAt(0), rowLength);
    recomputed.load(m, checkpoint + rowLength, framesBefore(from));
    emissions.seek(interval(from), scratch.recomputed, scratch);
    computeRest(recomputedRows, from, keptAt(0), scratch.kernels);
    for (int p = from + 1; p < to; p++) {
      emissions.seek(interval(p), scratch.recomputed, scratch);
      compute(recomputedRows, p, keptAt(p - 1 - from), keptAt(p - from), scratch.kernels);
    }
  }

  private int keptAt(int i) {
    return kept + i * stripes.intervalLength();
  }

  /** Computes the rows of an interval; {@code before} are those of the one before it. */
  private void compute(LatticeRows rows, int p, int before, int to, Kernels kernels) {
    int t = firstFrame(p);
    int first = interval(p) * stripes.interval();
    rows.scale.renew(framesBefore(p));
    rows.from = row(before, forward ? t - 1 : t + 1);
    rows.to = to;
    step(rows, t, last(first) - first + 1, kernels);
    rows.scale.store(m, exponents(to));
  }

  /** Computes the rows of an interval but the first, which is there. */
  private void computeRest(LatticeRows rows, int p, int to, Kernels kernels) {
    int t = firstFrame(p);
    int first = interval(p) * stripes.interval();
    rows.from = to;
    rows.to = to + rowLength;
    step(rows, forward ? t + 1 : t - 1, last(first) - first, kernels);
    rows.scale.store(m, exponents(to));
  }

  /** The frame of the first row. */
  private int firstFrame(int p) {
    int first = interval(p) * stripes.interval();
    return forward ? first : last(first);
  }

  private int framesBefore(int p) {
    int t = firstFrame(p);
    return forward ? t : frames - 1 - t;
  }

  /** Computes the rows of frame t and those after it in the order of this recursion. */
  private void step(LatticeRows rows, int t, int count, Kernels kernels) {
    rows.count = count;
    if (forward) {
      rows.t = t;
      kernels.alpha(rows);
    } else {
      rows.t = t + 1;
      kernels.beta(rows);
    }
  }

  /** Paths start in the first blank or the first label, and end in the last label or blank. */
  private void start(int to, EmissionRows emission) {
    int blank = stripes.place(forward ? 0 : target.length);
    int label = stripes.place(forward ? 0 : Math.max(target.length - 1, 0));
    int at = emission.at(0);
    double ofBlank = forward ? emission.p[at + stripes.width()] : 1;
    double ofLabel = target.length == 0 ? 0 : forward ? emission.p[at + label] : 1;
    double[] sums = scale.sums;
    Arrays.fill(sums, 0, stripes.count(), 0);
    sums[stripes.stripe(blank)] += ofBlank;
    sums[stripes.stripe(label)] += ofLabel;
    scale.renew(0);
    Arrays.fill(m, to, to + rowLength, 0);
    m[to + blank] = ofBlank * scale.rescale[stripes.stripe(blank)];
    m[to + stripes.width() + label] = ofLabel * scale.rescale[stripes.stripe(label)];
    scale.keep();
  }
}
