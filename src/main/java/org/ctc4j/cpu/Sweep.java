package org.ctc4j.cpu;

import java.util.Arrays;

/**
 * One of the two recursions over one utterance: alpha from the first frame on, or beta from the
 * last. It goes interval by interval; interval i has frames [i · {@link Stripes#interval}, (i + 1)
 * · interval). Position p is the p-th interval in its own order, and so are the rows of an
 * interval.
 *
 * <p>The first half of the intervals is kept, all rows or as checkpoints, for the other recursion
 * to be multiplied with; see {@link Plan}. The second half is gone through interval by interval.
 * The two share nothing that either writes, but for the run of recomputed intervals, which only the
 * other one uses.
 */
final class Sweep {
  /** Rows as {@link Stripes} have them; an interval's exponents stand after its rows. */
  double[] m = {};

  private final boolean forward;
  private final Scale scale;
  private final Scale recomputed;
  private Emissions emissions;
  private Target target;
  private Stripes stripes;
  private int frames;
  private int intervals;
  private int half;
  private int rowLength;
  private int spacing;
  private int slots; // where the slots of whole intervals begin, after the checkpoints
  private int running; // the first of the two slots for the second half
  private int run; // which run of intervals is recomputed, −1 for none
  private int current;

  Sweep(boolean forward) {
    this.forward = forward;
    this.scale = new Scale(forward);
    this.recomputed = new Scale(forward);
  }

  void begin(Emissions ofUtterance, Target itsTarget, Plan plan) {
    emissions = ofUtterance;
    target = itsTarget;
    stripes = plan.stripes();
    frames = plan.frames();
    intervals = plan.intervals();
    half = plan.half(forward);
    rowLength = stripes.rowLength();
    spacing = plan.spacing();
    m = Grow.atLeast(m, plan.sweepLength(half));
    slots = (int) plan.checkpointsLength(half);
    running = plan.keptIntervals(half);
    scale.begin(stripes);
    recomputed.begin(stripes);
    run = -1;
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

  /** How far it is in {@link #m} from the row of a frame to that of the frame after it. */
  int rowStep() {
    return forward ? rowLength : -rowLength;
  }

  private int last(int first) {
    return Math.min(first + stripes.interval(), frames) - 1;
  }

  /** Goes through the first half. */
  void firstHalf(Scratch scratch) {
    for (int p = 0; p < half; p++) {
      next(p, scratch);
      if (spacing == 0) {
        scale.store(m, keptExponents(p));
      } else if (spacing > 1 && p % spacing == 0) {
        int to = p / spacing * stripes.checkpointLength();
        System.arraycopy(m, current, m, to, rowLength);
        scale.store(m, to + rowLength);
      }
    }
  }

  /** Goes from position p − 1 to p; returns where the rows are. */
  int next(int p, Scratch scratch) {
    int to = slot(spacing == 1 && p < half ? p : running + p % 2);
    emissions.seek(interval(p), scratch.emission, scratch);
    if (p == 0) {
      start(to, scratch.emission);
      others(p, to, scale, scratch.emission, scratch.kernels);
    } else {
      all(p, current, to, scale, scratch.emission, scratch.kernels);
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
      return slot(p);
    }
    if (run != p / spacing) {
      run = p / spacing;
      recompute(run * spacing, Math.min((run + 1) * spacing, half), scratch);
    }
    return slot(p % spacing);
  }

  private void recompute(int from, int to, Scratch scratch) {
    Emission emission = scratch.recomputed;
    int checkpoint = from / spacing * stripes.checkpointLength();
    System.arraycopy(m, checkpoint, m, slot(0), rowLength);
    recomputed.load(m, checkpoint + rowLength, framesBefore(from));
    emissions.seek(interval(from), emission, scratch);
    others(from, slot(0), recomputed, emission, scratch.kernels);
    for (int p = from + 1; p < to; p++) {
      emissions.seek(interval(p), emission, scratch);
      all(p, slot(p - 1 - from), slot(p - from), recomputed, emission, scratch.kernels);
    }
  }

  private int slot(int i) {
    return slots + i * stripes.intervalLength();
  }

  /** Computes the rows of an interval; {@code before} are those of the one before it. */
  private void all(int p, int before, int to, Scale exponents, Emission emission, Kernels kernels) {
    int t = firstFrame(p);
    int from = row(before, forward ? t - 1 : t + 1);
    int first = interval(p) * stripes.interval();
    exponents.renew(framesBefore(p));
    step(from, to, t, last(first) - first + 1, exponents, emission, kernels);
    exponents.store(m, exponents(to));
  }

  /** Computes the rows of an interval but the first, which is there. */
  private void others(int p, int to, Scale exponents, Emission emission, Kernels kernels) {
    int t = firstFrame(p);
    int first = interval(p) * stripes.interval();
    int count = last(first) - first;
    step(to, to + rowLength, forward ? t + 1 : t - 1, count, exponents, emission, kernels);
    exponents.store(m, exponents(to));
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
  private void step(
      int from, int to, int t, int count, Scale exponents, Emission emission, Kernels kernels) {
    if (forward) {
      kernels.alpha(m, from, to, count, stripes, target, exponents, emission, t);
    } else {
      kernels.beta(m, from, to, count, stripes, target, exponents, emission, t + 1);
    }
  }

  /** Paths start in the first blank or the first label, and end in the last label or blank. */
  private void start(int to, Emission emission) {
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
