package org.ctc4j.bench;

import java.util.Arrays;

/** Median time of a call, after a warm-up that lets the JIT compiler finish. */
public final class Stopwatch {
  private static final long WARM_UP_NANOSECONDS = 1_000_000_000;
  private static final long MEASURE_NANOSECONDS = 1_500_000_000;
  private static final int LEAST_RUNS = 5;
  private static final int MOST_RUNS = 10_000;

  private Stopwatch() {}

  /** Milliseconds that {@code call} takes: the median of at least five runs. */
  public static double medianMilliseconds(Runnable call) {
    long start = System.nanoTime();
    do {
      call.run();
    } while (System.nanoTime() - start < WARM_UP_NANOSECONDS);
    double[] times = new double[MOST_RUNS];
    int runs = 0;
    start = System.nanoTime();
    while (runs < LEAST_RUNS
        || runs < MOST_RUNS && System.nanoTime() - start < MEASURE_NANOSECONDS) {
      long begin = System.nanoTime();
      call.run();
      times[runs++] = (System.nanoTime() - begin) / 1e6;
    }
    Arrays.sort(times, 0, runs);
    return times[runs / 2];
  }
}
