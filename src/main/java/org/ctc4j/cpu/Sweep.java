package org.ctc4j.cpu;

import java.util.Arrays;

/**
 * One of the two recursions over one utterance: alpha from the first frame on, or beta from the
 * last. Position p is the p-th frame in its own order.
 *
 * <p>The first half of its rows is kept, all or as checkpoints, for the other to be multiplied
 * with; see {@link Plan}. The second half is gone through row by row. The two share nothing that
 * either writes, but for the run of recomputed rows, which only the other one uses.
 */
final class Sweep {
  /** Rows as {@link Stripes} have them. */
  double[] m = {};

  private final boolean forward;
  private final Scale scale;
  private final Scale recomputed;
  private Emissions emissions;
  private Target target;
  private Stripes stripes;
  private int frames;
  private int half;
  private int rowLength;
  private int interval;
  private int run; // which run of rows is recomputed, −1 for none
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
    half = forward ? (frames + 1) / 2 : frames / 2;
    rowLength = stripes.rowLength();
    interval = plan.interval();
    m = Grow.atLeast(m, Plan.sweepRows(half, interval) * rowLength);
    scale.begin(stripes);
    recomputed.begin(stripes);
    run = -1;
  }

  /** Where the second half begins. */
  int half() {
    return half;
  }

  /** The frame at position p. */
  int frame(int p) {
    return forward ? p : frames - 1 - p;
  }

  /** Where the row of the position at work is. */
  int current() {
    return current;
  }

  /** Goes through the first half. */
  void firstHalf(Scratch scratch) {
    for (int p = 0; p < half; p++) {
      next(p, scratch);
      if (interval > 1 && p % interval == 0) {
        copy(current, slot(p / interval));
      }
    }
  }

  /** Goes from position p − 1 to p; returns where the row is. */
  int next(int p, Scratch scratch) {
    int to = interval == 1 && p < half ? slot(p) : slot(runningSlots() + p % 2);
    step(p, current, to, scale, scratch.emission, scratch);
    current = to;
    return to;
  }

  /** Where the row of position p is, p in the first half; p must not grow from call to call. */
  int row(int p, Scratch scratch) {
    if (interval == 1) {
      return slot(p);
    }
    int first = p / interval * interval;
    int base = (half + interval - 1) / interval;
    if (run != p / interval) {
      run = p / interval;
      copy(slot(run), slot(base));
      recomputed.load(m, slot(base), first);
      for (int q = first + 1; q < Math.min(first + interval, half); q++) {
        int from = slot(base + q - 1 - first);
        step(q, from, from + rowLength, recomputed, scratch.recomputed, scratch);
      }
    }
    return slot(base + p - first);
  }

  private int runningSlots() {
    return (int) Plan.sweepRows(half, interval) - 2;
  }

  private int slot(int i) {
    return i * rowLength;
  }

  private void copy(int from, int to) {
    System.arraycopy(m, from, m, to, rowLength);
  }

  private void step(int p, int from, int to, Scale exponents, Emission emission, Scratch scratch) {
    Kernels kernels = scratch.kernels;
    if (forward) {
      emissions.seek(p, emission, scratch);
      if (p == 0) {
        firstAlpha(emission, to);
      } else {
        double blank = spread(emission, scratch);
        kernels.alpha(
            m, from, to, stripes, exponents.factors, scratch.states, blank, target.skipAt);
      }
    } else if (p == 0) {
      firstBeta(to);
    } else {
      emissions.seek(frame(p) + 1, emission, scratch);
      double blank = spread(emission, scratch);
      kernels.beta(m, from, to, stripes, exponents.factors, scratch.states, blank, target.skipAt);
    }
    if (p % Scale.INTERVAL == 0) {
      exponents.renew(m, to, p, kernels);
    }
    exponents.store(m, to);
  }

  /** Lays the probabilities of the labels out as the states are; returns that of the blank. */
  private double spread(Emission emission, Scratch scratch) {
    scratch.kernels.spread(emission.p, emission.at, target.slotAt, stripes.width(), scratch.states);
    return emission.p[emission.at + target.distinct];
  }

  /** Paths start in the first blank or the first label. */
  private void firstAlpha(Emission emission, int to) {
    Arrays.fill(m, to, to + rowLength, 0);
    m[to] = emission.p[emission.at + target.distinct];
    if (target.length > 0) {
      m[to + stripes.width()] = emission.p[emission.at + target.slot[0]];
    }
  }

  /** Paths end in the last label or the last blank. */
  private void firstBeta(int to) {
    Arrays.fill(m, to, to + rowLength, 0);
    m[to + stripes.place(target.length)] = 1;
    if (target.length > 0) {
      m[to + stripes.width() + stripes.place(target.length - 1)] = 1;
    }
  }
}
