package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.CpuCtc;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.EngineOptions;
import org.ctc4j.Engines;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What random small batches do not show: length, memory, threads. */
class CpuBackendTest {
  /** A call that allocates nothing counts as less than this. */
  private static final long MOST_BYTES = 1024;

  private static final EngineOptions ONE_THREAD = EngineOptions.DEFAULT.withThreads(1);

  private final Random random = Seed.random(getClass());

  private CtcBatch batch(int frames, int utterances, int classes, int labels, double deviation) {
    float[] logits = new float[frames * utterances * classes];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (deviation * random.nextGaussian());
    }
    int[][] targets = new int[utterances][];
    for (int n = 0; n < utterances; n++) {
      targets[n] = TestBatch.randomTarget(random, labels, classes, 0);
    }
    return CtcBatch.of(
        FrameTensor.timeMajor(logits, frames, utterances, classes), Targets.of(targets));
  }

  @ParameterizedTest
  @CsvSource({
    "1000, 2, 28, 100, 0.1",
    "1000, 2, 28, 511, 1",
    "1000, 2, 28, 32, 1000",
    "3000, 1, 64, 512, 10",
    "10000, 1, 10, 60, 1",
    "10000, 1, 5, 300, 30",
    "10000, 1, 5, 31, 1000",
    "60, 2, 3000, 20, 1",
  })
  void longUtterances(int frames, int utterances, int classes, int labels, double deviation) {
    CtcBatch batch = batch(frames, utterances, classes, labels, deviation);
    assertMatchesReference(batch, CtcOptions.DEFAULT);
  }

  private static void assertMatchesReference(CtcBatch batch, CtcOptions options) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE, ONE_THREAD);
        Ctc cpu = Ctc.create(Backend.CPU)) {
      CtcResult expected = reference.lossAndGradient(batch, options);
      CtcResult got = cpu.lossAndGradient(batch, options);
      for (int n = 0; n < batch.utterances(); n++) {
        assertEquals(expected.status(n), got.status(n));
        Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> "loss");
      }
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> "gradient");
    }
  }

  /** A model that is sure of the target: the loss is small, and so is the gradient. */
  @Test
  void sureModel() {
    CtcBatch batch = batch(300, 2, 28, 60, 1);
    FrameTensor logits = batch.logits();
    for (int n = 0; n < 2; n++) {
      for (int t = 0; t < 300; t++) {
        logits.set(t, n, t % 5 == 2 ? batch.targets().label(n, t / 5) : 0, 14);
      }
    }
    assertMatchesReference(batch, CtcOptions.DEFAULT);
  }

  /** Exponents that add up to more than an int would bear. */
  @Test
  void labelsFarBelow() {
    int frames = 200;
    CtcBatch batch = batch(frames, 2, 5, 12, 1);
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < 5; c++) {
        double x = batch.logits().get(t, 0, c);
        batch.logits().set(t, 0, c, x - (c % 2 == 0 ? 0x1p25 : 0));
      }
    }
    assertMatchesReference(batch, CtcOptions.DEFAULT);
    assertMatchesReference(batch, CtcOptions.DEFAULT.withInput(InputKind.SCORES));
  }

  @Test
  void permutedBatch() {
    TestBatch batch = TestBatch.random(random, 80, 5, 30, 20, 3);
    int[] order = {3, 0, 4, 2, 1};
    try (Ctc cpu = Ctc.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(3))) {
      CtcResult one = cpu.lossAndGradient(batch.batch(), batch.options());
      CtcResult other = cpu.lossAndGradient(batch.permuted(order).batch(), batch.options());
      for (int n = 0; n < order.length; n++) {
        assertEquals(one.loss(order[n]), other.loss(n));
        for (int t = 0; t < 80; t++) {
          for (int c = 0; c < 30; c++) {
            assertEquals(one.gradient().get(t, order[n], c), other.gradient().get(t, n, c));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 6", "2, 6", "2, 3", "3, 1"})
  void allocatesNothing(int threads, int utterances) {
    CtcBatch batch = batch(60, utterances, 40, 17, 1);
    FrameTensor gradient =
        FrameTensor.timeMajor(new float[60 * utterances * 40], 60, utterances, 40);
    double[] weights = new double[utterances];
    Arrays.fill(weights, 1);
    LossPlaces places = LossPlaces.of(utterances, gradient);
    LossCall losses = new LossCall(batch, CtcOptions.DEFAULT, weights, places);
    try (CpuBackend cpu = sharing(threads)) {
      Runnable call = () -> cpu.computeLosses(losses);
      for (int i = 0; i < 3000; i++) {
        call.run();
      }
      int calls = 200;
      long least = Long.MAX_VALUE;
      // other threads of the JVM allocate too, and vectors are objects until they are compiled
      for (int attempt = 0; attempt < 300 && least >= MOST_BYTES; attempt++) {
        long before = allocated();
        for (int i = 0; i < calls; i++) {
          call.run();
        }
        least = Math.min(least, (allocated() - before) / calls);
      }
      assertTrue(least < MOST_BYTES, least + " bytes a call");
    }
  }

  /** One that shares the smallest batch among its threads. */
  private static CpuBackend sharing(int threads) {
    EngineOptions options = EngineOptions.DEFAULT.withThreads(threads);
    return new CpuBackend(options, KernelChoice.get().orThrow(), ProjectionTiling.DEFAULT, null, 0);
  }

  /** Of all threads. */
  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
        .filter(bytes -> bytes > 0)
        .sum();
  }

  /** 90,000 frames and 15,000 labels within 1 GB, where all rows would take 21. */
  @Tag("long")
  @Test
  @EnabledIfSystemProperty(
      named = KernelChoice.PROPERTY,
      matches = "vector",
      disabledReason = "2.7 billion states take the scalar kernels minutes")
  void longest() {
    assertWithin(1_000_000_000, 90_000, 15_000);
  }

  @Test
  void tenthOfTheLongest() {
    assertWithin(20_000_000, 9_000, 1_500);
  }

  private void assertWithin(long workspaceBytes, int frames, int labels) {
    CtcBatch batch = batch(frames, 1, 32, labels, 1);
    EngineOptions options = EngineOptions.DEFAULT.withWorkspaceBytes(workspaceBytes);
    try (CpuCtc cpu = (CpuCtc) Ctc.create(Backend.CPU, options)) {
      long bytes = cpu.workspaceBytes(batch, CtcOptions.DEFAULT, true);
      assertTrue(bytes <= workspaceBytes, bytes + " bytes");
      CtcResult result = cpu.lossAndGradient(batch, CtcOptions.DEFAULT);
      assertEquals(CtcStatus.OK, result.status(0));
      FrameTensor gradient = result.gradient();
      double largest = 0;
      for (int t = 0; t < frames; t += 97) {
        double sum = 0;
        for (int c = 0; c < 32; c++) {
          assertTrue(Math.abs(gradient.get(t, 0, c)) <= 1);
          sum += gradient.get(t, 0, c);
        }
        largest = Math.max(largest, Math.abs(sum));
      }
      assertTrue(largest < 1e-5, "a frame's gradient adds up to " + largest);
    }
  }

  @Test
  void workspaceBound() {
    CtcBatch batch = batch(500, 1, 10, 60, 1);
    EngineOptions small = ONE_THREAD.withWorkspaceBytes(300_000);
    try (CpuCtc large = (CpuCtc) Ctc.create(Backend.CPU, ONE_THREAD);
        CpuCtc bounded = (CpuCtc) Ctc.create(Backend.CPU, small)) {
      assertTrue(large.workspaceBytes(batch, CtcOptions.DEFAULT, true) > 500 * 121 * 8);
      assertTrue(bounded.workspaceBytes(batch, CtcOptions.DEFAULT, true) <= 300_000);
      Agreement.assertSameBits(
          large.lossAndGradient(batch, CtcOptions.DEFAULT),
          bounded.lossAndGradient(batch, CtcOptions.DEFAULT),
          () -> "checkpoints");
    }
  }

  @Test
  void concurrentCalls() throws Exception {
    List<CtcBatch> batches = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      batches.add(batch(50 + 10 * i, 1 + i % 4, 12, 10, 2));
    }
    ExecutorService callers = Executors.newFixedThreadPool(4);
    try (Ctc shared = Engines.of(sharing(3));
        Ctc alone = Ctc.create(Backend.CPU, ONE_THREAD)) {
      List<CtcResult> expected = new ArrayList<>();
      for (CtcBatch batch : batches) {
        expected.add(alone.lossAndGradient(batch, CtcOptions.DEFAULT));
      }
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        int b = i % batches.size();
        calls.add(
            callers.submit(
                () ->
                    Agreement.assertSameBits(
                        expected.get(b),
                        shared.lossAndGradient(batches.get(b), CtcOptions.DEFAULT),
                        () -> "concurrent call")));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    } finally {
      callers.shutdown();
    }
  }

  @Test
  void closeEndsTheThreads() throws InterruptedException {
    awaitNoThreads(); // of tests before this one
    Ctc cpu = Ctc.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(4));
    assertEquals(3, ourThreads());
    cpu.close();
    cpu.close();
    awaitNoThreads();
  }

  private static void awaitNoThreads() throws InterruptedException {
    for (int i = 0; i < 2000 && ourThreads() > 0; i++) {
      Thread.sleep(5);
    }
    assertEquals(0, ourThreads());
  }

  private static long ourThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("ctc4j-cpu"))
        .peek(thread -> assertTrue(thread.isDaemon()))
        .count();
  }

  @Test
  void failureReachesTheCaller() {
    CtcBatch batch = batch(20, 4, 5, 3, 1);
    try (CpuBackend backend = sharing(2)) {
      LossPlaces places = LossPlaces.of(4, null);
      LossCall noWeights = new LossCall(batch, CtcOptions.DEFAULT, new double[0], places);
      assertThrows(ArrayIndexOutOfBoundsException.class, () -> backend.computeLosses(noWeights));
      backend.computeLosses(new LossCall(batch, CtcOptions.DEFAULT, new double[4], places));
      assertFalse(Double.isNaN(places.losses()[3]));
    }
  }
}
