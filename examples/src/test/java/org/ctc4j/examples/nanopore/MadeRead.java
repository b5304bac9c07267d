package org.ctc4j.examples.nanopore;

import java.util.Random;

/** A read of which everything is known: an event for each base, 10 to 19 samples of one level. */
final class MadeRead {
  static final int BASES = 4000;
  static final double NOISE = 0.5;

  private MadeRead() {}

  /** The level of a content of the pore, far from those of others. */
  static double level(int state) {
    return 50 + 10 * state;
  }

  /** Whose level is the nearest. */
  static int state(float sample) {
    return Math.round((sample - 50) / 10);
  }

  static NanoporeRead of(long seed) {
    Random random = new Random(seed);
    int[] bases = new int[BASES];
    for (int i = 0; i < bases.length; i++) {
      bases[i] = random.nextInt(4);
    }
    int events = BASES - NanoporeRead.IN_PORE + 1;
    int[] starts = new int[events];
    int[] ends = new int[events];
    int[] first = new int[events];
    int next = 100;
    for (int e = 0; e < events; e++) {
      starts[e] = next;
      next += 10 + random.nextInt(10);
      ends[e] = next;
      first[e] = e;
    }
    float[] signal = new float[next];
    for (int e = 0; e < events; e++) {
      for (int i = starts[e]; i < ends[e]; i++) {
        double level = level(NanoporeRead.state(bases, e));
        signal[i] = (float) (level + NOISE * random.nextGaussian());
      }
    }
    return new NanoporeRead(signal, 4000, bases, starts, ends, first);
  }

  /** The same up to a sample; behind it another signal, and other bases. */
  static NanoporeRead changedBehind(NanoporeRead read, int sample) {
    float[] signal = read.signal().clone();
    for (int i = sample; i < signal.length; i++) {
      signal[i] = 1e6f;
    }
    int[] bases = read.bases().clone();
    int[] starts = read.baseStarts();
    for (int i = 0; i < bases.length; i++) {
      // the two that are in the pore beside the last middle one are seen before they get there
      if (starts[Math.max(0, i - NanoporeRead.IN_PORE / 2)] >= sample) {
        bases[i] = 3 - bases[i];
      }
    }
    return new NanoporeRead(
        signal, read.rate(), bases, read.eventStarts(), read.eventEnds(), read.eventBases());
  }
}
