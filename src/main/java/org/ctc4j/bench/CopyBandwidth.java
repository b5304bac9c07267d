package org.ctc4j.bench;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How fast this machine copies memory, counting bytes read and bytes written: the ceiling of
 * anything that reads logits once and writes a gradient once.
 */
public final class CopyBandwidth {
  private static final int BYTES = 1 << 27; // a few times any cache
  private static final int RUNS = 7;

  private CopyBandwidth() {}

  /** Gigabytes (10^9) per second by {@code threads} threads, the median of several copies. */
  public static double gigabytesPerSecond(int threads) {
    int share = BYTES / Float.BYTES / threads;
    float[][] from = new float[threads][share];
    float[][] to = new float[threads][share];
    double[] rates = new double[RUNS];
    for (int run = -1; run < RUNS; run++) { // the first touches the pages
      long start = System.nanoTime();
      Thread[] copies =
          IntStream.range(0, threads)
              .mapToObj(i -> new Thread(() -> System.arraycopy(from[i], 0, to[i], 0, share)))
              .toArray(Thread[]::new);
      Arrays.stream(copies).forEach(Thread::start);
      Arrays.stream(copies).forEach(CopyBandwidth::joinUninterruptibly);
      if (run >= 0) {
        rates[run] = 2.0 * Float.BYTES * share * threads / (System.nanoTime() - start);
      }
    }
    Arrays.sort(rates);
    return rates[RUNS / 2];
  }

  private static void joinUninterruptibly(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    }
  }
}
