package org.ctc4j.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import org.ctc4j.Backend;
import org.ctc4j.CpuCtc;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Targets;

/**
 * Losses and the gradients of hidden states and weight, from hidden states: fused, or by way of all
 * logits, with the same BLAS. One row of a table on standard output; see {@code
 * benchmarks/projection}, which runs it, a JVM for each row.
 */
public final class ProjectionTimes {
  /** One way to compute a case. */
  interface Way {
    /** Computes once, and returns the sum of the losses. */
    double run();
  }

  /** The Vector API is interpreted at first, and the compiler may have to wait for a processor. */
  private static final int WARM_UP_SECONDS = 8;

  private ProjectionTimes() {}

  /**
   * @param args fused or unfused, T, N, D, C, L, threads, seconds
   */
  public static void main(String[] args) throws Exception {
    int[] numbers = Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray();
    ProjectionCase c =
        ProjectionCase.of(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    int threads = numbers[5];
    float[] hiddenGradient = new float[c.hidden().length];
    float[] weightGradient = new float[c.weight().length];
    Arrays.fill(weightGradient, 1); // so that it is in memory
    boolean isFused = args[0].equals("fused");
    try (Ctc ctc = Ctc.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(threads));
        Products products = new Products(c, threads)) {
      Way way =
          isFused
              ? fused(ctc, c, hiddenGradient, weightGradient)
              : unfused(ctc, c, products, hiddenGradient, weightGradient);
      Way productsAlone =
          () -> {
            products.fused(hiddenGradient, weightGradient);
            return 0;
          };
      report(
          args[0] + ", " + CpuCtc.blas(),
          c,
          threads,
          numbers[6],
          way,
          isFused ? productsAlone : null);
    }
  }

  /**
   * Times a way, taking turns with its matrix products alone if these are given, and prints a row.
   */
  static void report(String name, ProjectionCase c, int threads, int seconds, Way way, Way products)
      throws Exception {
    PeakMemory memory = new PeakMemory();
    double loss = way.run();
    double extra = memory.extra();
    long warm = System.nanoTime() + WARM_UP_SECONDS * 1_000_000_000L;
    for (int i = 0; i < 2 || System.nanoTime() < warm; i++) {
      way.run();
    }
    Times times = new Times();
    Times productTimes = new Times();
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    for (int i = 0; i < 3 || System.nanoTime() < end; i++) {
      times.add(way);
      if (products != null) {
        productTimes.add(products);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %d | %s | %d | %.1f | %.1f | %s | %.0f | %.3f |%n",
        c.classes(),
        name,
        threads,
        times.best,
        times.processor(),
        products == null
            ? "– | – | –"
            : String.format(
                Locale.ROOT,
                "%.1f | %.1f | %.2f",
                productTimes.best,
                productTimes.processor(),
                times.processor() / productTimes.processor()),
        extra,
        loss);
  }

  /** Of several runs, in milliseconds. */
  private static final class Times {
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private double best = Double.POSITIVE_INFINITY;
    private double processor;
    private int count;

    void add(Way way) {
      long start = System.nanoTime();
      long processorStart = SYSTEM.getProcessCpuTime();
      way.run();
      best = Math.min(best, (System.nanoTime() - start) / 1e6);
      processor += (SYSTEM.getProcessCpuTime() - processorStart) / 1e6;
      count++;
    }

    /** Mean time on a processor, of all threads. */
    double processor() {
      return processor / count;
    }
  }

  private static Way fused(Ctc ctc, ProjectionCase c, float[] hidden, float[] weight) {
    ProjectedBatch batch = c.batch();
    ProjectedResult result =
        ProjectedResult.ofGradients(
            c.utterances(),
            FrameTensor.batchMajor(hidden, c.frames(), c.utterances(), c.dimensions()),
            Elements.of(weight),
            null);
    return () -> {
      ctc.compute(batch, CtcOptions.DEFAULT, result);
      return result.loss();
    };
  }

  /** Logits and their gradient are allocated by the first run, and kept. */
  private static Way unfused(
      Ctc ctc, ProjectionCase c, Products products, float[] hidden, float[] weight) {
    float[][] whole = new float[2][];
    return () -> {
      if (whole[0] == null) {
        whole[0] = new float[Math.multiplyExact(c.rows(), c.classes())];
        whole[1] = new float[whole[0].length];
      }
      products.logits(whole[0]);
      FrameTensor logits =
          FrameTensor.batchMajor(whole[0], c.frames(), c.utterances(), c.classes());
      CtcResult result =
          CtcResult.ofGradient(
              FrameTensor.batchMajor(whole[1], c.frames(), c.utterances(), c.classes()));
      ctc.compute(CtcBatch.of(logits, Targets.of(c.targets())), CtcOptions.DEFAULT, result);
      products.gradients(whole[1], hidden, weight);
      return result.loss();
    };
  }
}
