package org.ctc4j.examples.nanopore;

import java.util.Arrays;
import java.util.Random;

/**
 * The current that a strand makes in the pore, as part of a read has it: a level for each content
 * of the pore, how far events and samples are off it, and how long a base stays.
 */
final class PoreModel {
  private static final int STATES = 1 << (2 * NanoporeRead.IN_PORE);

  /** What is known without events of a state counts as much as this many of them. */
  private static final double PRIOR_EVENTS = 2;

  /**
   * Of a normal distribution, by the median of what is off its mean: the caller's errors are few.
   */
  private static final double DEVIATION_BY_MEDIAN = 1.4826;

  private final double[] levels = new double[STATES];
  private final double eventSpread;
  private final double sampleSpread;
  private final int[] stays;

  /**
   * @param events how many of the read's events, from its start, to learn from
   */
  PoreModel(NanoporeRead read, int events) {
    double[] sums = new double[STATES];
    int[] counts = new int[STATES];
    int[] states = new int[events];
    double[] means = new double[events];
    double[] deviations = new double[events];
    for (int e = 0; e < events; e++) {
      float[] event = Arrays.copyOfRange(read.signal(), read.eventStarts()[e], read.eventEnds()[e]);
      Scale scale = Scale.of(event, 0, event.length);
      means[e] = scale.mean();
      deviations[e] = scale.deviation();
      states[e] = NanoporeRead.state(read.bases(), read.eventBases()[e]);
      sums[states[e]] += means[e];
      counts[states[e]]++;
    }
    double[] additive = additive(sums, counts);
    for (int state = 0; state < STATES; state++) {
      levels[state] =
          (sums[state] + PRIOR_EVENTS * additive[state]) / (counts[state] + PRIOR_EVENTS);
    }
    double[] off = new double[events];
    for (int e = 0; e < events; e++) {
      off[e] = Math.abs(means[e] - levels[states[e]]);
    }
    eventSpread = DEVIATION_BY_MEDIAN * median(off);
    sampleSpread = median(deviations);
    int last = read.eventBases()[events - 1];
    int[] starts = Arrays.copyOf(read.baseStarts(), last);
    int[] stay = new int[last];
    for (int i = 0; i + 1 < last; i++) {
      stay[i] = starts[i + 1] - starts[i];
    }
    stays = Arrays.stream(stay).filter(each -> each > 0).toArray(); // the caller skips some
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Levels as sums of what each base does at its place, by least squares, place after place. */
  private static double[] additive(double[] sums, int[] counts) {
    double mean = Arrays.stream(sums).sum() / Arrays.stream(counts).sum();
    double[] levels = new double[STATES];
    Arrays.fill(levels, mean);
    for (int round = 0; round < 20; round++) {
      for (int place = 0; place < NanoporeRead.IN_PORE; place++) {
        double[] missing = new double[4];
        int[] count = new int[4];
        for (int state = 0; state < STATES; state++) {
          int base = state >> (2 * place) & 3;
          missing[base] += sums[state] - counts[state] * levels[state];
          count[base] += counts[state];
        }
        for (int state = 0; state < STATES; state++) {
          int base = state >> (2 * place) & 3;
          levels[state] += missing[base] / Math.max(1, count[base]);
        }
      }
    }
    return levels;
  }

  /** Current for a stretch of samples, and the bases that come to the middle of the pore in it. */
  Chunk simulate(int samples, Random random) {
    float[] signal = new float[samples];
    int[] bases = new int[samples + NanoporeRead.IN_PORE];
    for (int i = 0; i < bases.length; i++) {
      bases[i] = random.nextInt(4);
    }
    int base = 0;
    for (int next = 0; next < samples; base++) {
      double level = levels[NanoporeRead.state(bases, base)] + eventSpread * random.nextGaussian();
      int end = Math.min(samples, next + stays[random.nextInt(stays.length)]);
      for (; next < end; next++) {
        signal[next] = (float) (level + sampleSpread * random.nextGaussian());
      }
    }
    int middle = NanoporeRead.IN_PORE / 2;
    return new Chunk(signal, Arrays.copyOfRange(bases, middle, middle + base));
  }

  @Override
  public String toString() {
    return "events are %.1f pA off the level of what is in the pore, samples %.1f pA off these"
        .formatted(eventSpread, sampleSpread);
  }
}
