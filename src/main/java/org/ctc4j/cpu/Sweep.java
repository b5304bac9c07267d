package org.ctc4j.cpu;

/**
 * One of the two recursions over one utterance: alpha from the first frame on, or beta from the
 * last. Position p is the p-th frame in its own order.
 *
 * <p>The first half of its rows is kept, all or as checkpoints, for the other to be multiplied
 * with; see {@link Plan}. The second half is gone through row by row. The two share nothing that
 * either writes, but for the run of recomputed rows, which only the other one uses.
 *
 * <p>Of each row only the band of {@link Plan#low} to {@link Plan#high} is computed, which moves up
 * from frame to frame by at most {@link Kernels#lanes()}. Around it stand as many zeros as the next
 * row reads there: a state that the band leaves out is one that no path comes to, or one that none
 * ends from, so that its share in the posterior is 0 in any case.
 */
final class Sweep {
  float[] m = {};
  int[] e = {};

  private final boolean forward;
  private Emissions emissions;
  private Target target;
  private int[] skip;
  private int frames;
  private int half;
  private int width;
  private int interval;
  private Plan plan;
  private int run; // which run of rows is recomputed, −1 for none
  private int current;

  Sweep(boolean forward) {
    this.forward = forward;
  }

  void begin(Emissions ofUtterance, Target labels, Plan itsPlan) {
    plan = itsPlan;
    emissions = ofUtterance;
    target = labels;
    skip = labels.skip;
    frames = plan.frames();
    half = forward ? (frames + 1) / 2 : frames / 2;
    width = plan.width();
    interval = plan.interval();
    long length = Plan.sweepRows(half, interval) * 2 * width + plan.lanes();
    m = Grow.atLeast(m, length);
    e = Grow.atLeast(e, length);
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
    step(p, current, to, scratch.emission, scratch);
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
      for (int q = first + 1; q < Math.min(first + interval, half); q++) {
        step(q, slot(base + q - 1 - first), slot(base + q - first), scratch.recomputed, scratch);
      }
    }
    return slot(base + p - first);
  }

  private int runningSlots() {
    return (int) Plan.sweepRows(half, interval) - 2;
  }

  private int slot(int i) {
    return i * 2 * width;
  }

  private void copy(int from, int to) {
    System.arraycopy(m, from, m, to, 2 * width);
    System.arraycopy(e, from, e, to, 2 * width);
  }

  private void step(int p, int from, int to, Emission emission, Scratch scratch) {
    int low = plan.low(frame(p));
    int high = plan.high(frame(p));
    if (forward) {
      emissions.seek(p, emission, scratch);
      if (p == 0) {
        firstAlpha(emission, to);
      } else {
        scratch.kernels.alpha(m, e, from, to, width, low, high, emission, skip);
        e[to + width + low - 1] = Extended.ZERO;
        clear(to, high, Math.min(high + plan.lanes(), width));
      }
    } else if (p == 0) {
      firstBeta(to);
    } else {
      emissions.seek(frame(p) + 1, emission, scratch);
      scratch.kernels.beta(m, e, from, to, width, low, high, emission, skip);
      clear(to, Math.max(low - plan.lanes(), 0), low);
      clear(to, high, Math.min(high + 1, width));
    }
  }

  /** Paths start in the first blank or the first label. */
  private void firstAlpha(Emission emission, int to) {
    clear(to, 0, width);
    m[to] = emission.blankM;
    e[to] = emission.blankE + Extended.BIAS;
    if (target.length > 0) {
      m[to + width] = emission.m[emission.at];
      e[to + width] = Math.max(emission.e[emission.at] + Extended.BIAS, Extended.ZERO);
    }
  }

  /** Paths end in the last label or the last blank. */
  private void firstBeta(int to) {
    clear(to, 0, width);
    m[to + target.length] = 1;
    e[to + target.length] = 0;
    if (target.length > 0) {
      m[to + width + target.length - 1] = 1;
      e[to + width + target.length - 1] = 0;
    }
  }

  /** Makes elements [low, high) of the blanks and of the labels 0. */
  private void clear(int to, int low, int high) {
    for (int i = to + low; i < to + high; i++) {
      e[i] = Extended.ZERO;
      e[i + width] = Extended.ZERO;
    }
  }
}
