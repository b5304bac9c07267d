package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Stream;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.EngineOptions;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every part is done once, on whatever threads, and the caller's executor is what helps. */
class WorkersTest {
  private static EngineOptions on(Executor executor) {
    return EngineOptions.DEFAULT.withThreads(4).withExecutor(executor);
  }

  /** Threads of the caller's are used, late, by the caller itself, refused, or never come. */
  static Stream<Executor> executors() {
    AtomicInteger tasks = new AtomicInteger();
    return Stream.of(
        null,
        task -> new Thread(task).start(),
        Runnable::run,
        task -> {},
        task -> {
          throw new RejectedExecutionException();
        },
        task -> {
          if (tasks.incrementAndGet() % 2 == 0) {
            throw new RejectedExecutionException();
          }
          new Thread(task).start();
        });
  }

  @ParameterizedTest
  @MethodSource("executors")
  void eachPartIsDoneOnce(Executor executor) {
    try (Workers waiting = Workers.waiting(on(executor))) {
      for (Workers workers : List.of(waiting, Workers.of(on(executor)))) {
        for (int count : new int[] {0, 1, 2, 3, 1000}) {
          AtomicIntegerArray done = new AtomicIntegerArray(count);
          workers.forEach(count, done::incrementAndGet);
          for (int i = 0; i < count; i++) {
            assertEquals(1, done.get(i));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("executors")
  void whatAPartThrowsReachesTheCaller(Executor executor) {
    for (Throwable thrown :
        List.of(new IOException("checked"), new AssertionError(), new Tired())) {
      try (Workers workers = Workers.waiting(on(executor))) {
        Throwable caught =
            assertThrows(thrown.getClass(), () -> workers.forEach(50, i -> sneak(i, thrown)));
        assertSame(thrown, caught);
        workers.forEach(50, i -> {}); // and is forgotten
      }
    }
  }

  private static final class Tired extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static void sneak(int i, Throwable thrown) {
    if (i == 7) {
      WorkersTest.<RuntimeException>asIs(thrown);
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void asIs(Throwable thrown) throws E {
    throw (E) thrown;
  }

  @Test
  void whatAHelperThrowsReachesTheCaller() {
    Workers workers = Workers.of(EngineOptions.DEFAULT.withThreads(2));
    for (Throwable thrown : List.of(new IOException(), new Throwable(), new Tired())) {
      Thread caller = Thread.currentThread();
      CountDownLatch failing = new CountDownLatch(1);
      Throwable caught =
          assertThrows(
              Throwable.class,
              () ->
                  workers.forEach(
                      2,
                      i -> {
                        if (Thread.currentThread() != caller) {
                          failing.countDown();
                          WorkersTest.<RuntimeException>asIs(thrown);
                        }
                        await(failing); // so that the other part is the helper's
                      }));
      assertSame(thrown, caught);
    }
  }

  @Test
  void helpersAreTheExecutors() throws InterruptedException {
    Set<String> names = ConcurrentHashMap.newKeySet();
    ExecutorService executor = Executors.newFixedThreadPool(3, task -> new Thread(task, "mine"));
    Workers workers = Workers.waiting(on(executor));
    CountDownLatch all = new CountDownLatch(4);
    workers.forEach(
        4,
        i -> {
          names.add(Thread.currentThread().getName());
          all.countDown();
          await(all);
        });
    assertEquals(Set.of(Thread.currentThread().getName(), "mine"), names);
    workers.close();
    assertTrue(!executor.isShutdown());
    executor.shutdown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A thousand calls at once on few threads: none waits for another, none has too many helpers. */
  @Test
  void callsAtTheSameTime() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(8);
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try (Workers workers =
        Workers.waiting(EngineOptions.DEFAULT.withThreads(2).withExecutor(executor))) {
      List<Future<?>> calls = new ArrayList<>();
      for (int k = 0; k < 1000; k++) {
        calls.add(callers.submit(() -> atMostTwo(workers)));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    } finally {
      callers.shutdown();
      executor.shutdown();
    }
  }

  private static void atMostTwo(Workers workers) {
    AtomicInteger atWork = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    workers.forEach(
        20,
        i -> {
          assertTrue(atWork.incrementAndGet() <= 2);
          done.incrementAndGet();
          atWork.decrementAndGet();
        });
    assertEquals(20, done.get());
  }

  @Test
  void everyEngineTakesIt() {
    AtomicInteger helped = new AtomicInteger();
    EngineOptions options =
        on(
            task -> {
              helped.incrementAndGet();
              new Thread(task).start();
            });
    CtcBatch batch = Workload.random(Shape.of("200x16x200x10"), 1, 1).batch();
    for (Backend backend : List.of(Backend.CPU, Backend.REFERENCE)) {
      try (Ctc ctc = Ctc.create(backend, options);
          Ctc alone = Ctc.create(backend, EngineOptions.DEFAULT.withThreads(1))) {
        double[] losses = ctc.loss(batch).losses();
        assertArrayEquals(alone.loss(batch).losses(), losses);
      }
      assertTrue(helped.getAndSet(0) > 0, backend.toString());
    }
    try (CtcAligner aligner = CtcAligner.create(Backend.CPU, options)) {
      aligner.align(batch, CtcOptions.DEFAULT);
    }
    assertTrue(helped.getAndSet(0) > 0);
    int[] lengths = new int[batch.utterances()];
    Arrays.setAll(lengths, batch::inputLength);
    CtcDecoder.create(options).greedy(batch.logits(), lengths, CtcOptions.DEFAULT);
    assertTrue(helped.get() > 0);
  }
}
