package org.ctc4j.host;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/** Independent tasks on several threads, which live as long as one call. */
public final class Parallel {
  private Parallel() {}

  /**
   * Runs {@code task} for 0 … count − 1, each once, in any order; returns when all are done. After
   * a failure the remaining ones are left out and the failure is thrown as it is, a checked
   * exception too: code of users in Kotlin or Scala throws them undeclared.
   *
   * @param threads how many work at most, the calling one included
   */
  public static void forEach(int count, int threads, IntConsumer task) {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Runnable worker =
        () -> {
          try {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
              if (failure.get() == null) {
                task.accept(i);
              }
            }
          } catch (Throwable e) {
            failure.compareAndSet(null, e);
          }
        };
    Thread[] helpers = new Thread[Math.max(0, Math.min(count, threads) - 1)];
    for (int i = 0; i < helpers.length; i++) {
      helpers[i] = new Thread(worker, "ctc4j-host-" + (i + 1));
      helpers[i].setDaemon(true);
      helpers[i].start();
    }
    worker.run();
    join(helpers);
    if (failure.get() != null) {
      throw Parallel.<RuntimeException>asIs(failure.get());
    }
  }

  /** Makes the compiler take what is thrown for an exception that need not be declared. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E asIs(Throwable failure) throws E {
    throw (E) failure;
  }

  private static void join(Thread[] helpers) {
    boolean interrupted = false;
    for (Thread helper : helpers) {
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true; // the caller's memory is still being read
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
