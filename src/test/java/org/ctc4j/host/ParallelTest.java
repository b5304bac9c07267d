package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ParallelTest {
  /** Throws what need not be declared, as Kotlin and Scala do. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneak(Throwable thrown) throws E {
    throw (E) thrown;
  }

  @Test
  @DisplayName("What fails on a helping thread alone comes to the caller as it is")
  void failureOfAHelper() {
    for (Throwable thrown :
        List.of(
            new IOException("checked"),
            new Throwable("neither exception nor error"),
            new IllegalStateException("unchecked"),
            new AssertionError("error"))) {
      Thread caller = Thread.currentThread();
      CountDownLatch failing = new CountDownLatch(1);
      Throwable got =
          assertThrows(
              Throwable.class,
              () ->
                  Parallel.forEach(
                      2,
                      2,
                      i -> {
                        if (Thread.currentThread() != caller) {
                          failing.countDown();
                          ParallelTest.<RuntimeException>sneak(thrown);
                        }
                        await(failing); // so that the other task is the helper's
                      }));
      assertSame(thrown, got);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @DisplayName("Every task runs once, on any number of threads")
  void everyTaskOnce() {
    for (int threads : new int[] {1, 2, 7, 50}) {
      for (int count : new int[] {0, 1, 2, 40}) {
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        Parallel.forEach(count, threads, runs::incrementAndGet);
        for (int i = 0; i < count; i++) {
          assertEquals(1, runs.get(i));
        }
      }
    }
  }
}
