package org.ctc4j.host;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntConsumer;
import org.ctc4j.EngineOptions;

/**
 * Threads that help calling threads with their work. Calls from several threads at once share them;
 * each caller works itself until its own work is done, so none waits for a helper to become free,
 * and one that an executor starts late or refuses is not missed. Thread-safe.
 *
 * <p>Rejected: the common ForkJoinPool as a default, which is shared with others and allocates for
 * each task.
 */
public final class Workers implements AutoCloseable {
  private static final Executor NEW_THREADS = task -> start(task, "ctc4j-host");

  private final int threads;
  private final Executor executor; // null: threads that wait for work
  private final Runnable helpOnce = () -> help(false);
  private final ArrayDeque<ParallelTask> queue = new ArrayDeque<>(); // guarded by this
  private boolean closed; // guarded by this

  private Workers(int threads, Executor executor) {
    this.threads = threads;
    this.executor = executor;
  }

  /** On the options' executor, else on threads that live as long as a call. */
  public static Workers of(EngineOptions options) {
    Executor executor = options.executor();
    return new Workers(options.threads(), executor != null ? executor : NEW_THREADS);
  }

  /**
   * On the options' executor, else on daemon threads that wait for work until {@link #close}; on
   * them nothing is allocated for a call.
   */
  public static Workers waiting(EngineOptions options) {
    Workers workers = new Workers(options.threads(), options.executor());
    for (int i = 1; workers.executor == null && i < workers.threads; i++) {
      start(() -> workers.help(true), "ctc4j-cpu-" + i);
    }
    return workers;
  }

  private static void start(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** How many work on one call, the calling one included. */
  public int threads() {
    return threads;
  }

  /**
   * Calls {@code task} for 0 … count − 1, each once, in any order; returns when all are done. After
   * a failure the remaining ones are left out and the failure is thrown as it is.
   */
  public void forEach(int count, IntConsumer task) {
    compute(
        count,
        new ParallelTask() {
          @Override
          protected void computePart(int part) {
            task.accept(part);
          }
        });
  }

  /** Does so many parts of a task; returns when the last is done; throws what a part threw. */
  public void compute(int parts, ParallelTask task) {
    int helpers = Math.min(threads, parts) - 1;
    task.prepare(parts);
    if (helpers <= 0) {
      task.drain();
    } else {
      try {
        summon(task, helpers);
        task.drain();
      } finally {
        awaitHelpers(task);
      }
    }
    task.rethrow();
  }

  private void summon(ParallelTask task, int helpers) {
    synchronized (this) {
      queue.add(task);
      notifyAll();
    }
    try {
      for (int i = 0; executor != null && i < helpers; i++) {
        executor.execute(helpOnce);
      }
    } catch (RejectedExecutionException e) {
      // those that were taken, and the caller, do it
    }
  }

  private synchronized void awaitHelpers(ParallelTask task) {
    boolean interrupted = false;
    queue.remove(task);
    while (task.helpers > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // the memory at work is not ours to leave
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * @param waits whether for other work, when there is none
   */
  private void help(boolean waits) {
    for (ParallelTask task = next(null, waits); task != null; task = next(task, waits)) {
      task.drain();
    }
  }

  /** Leaves {@code done} and goes on to other work; null when there is none, or closed. */
  private synchronized ParallelTask next(ParallelTask done, boolean waits) {
    if (done != null) {
      queue.remove(done);
      done.helpers--;
      notifyAll();
    }
    ParallelTask task = waiting();
    while (task == null && waits && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        return null; // nobody interrupts these threads but to end them
      }
      task = waiting();
    }
    if (task != null) {
      task.helpers++;
    }
    return task;
  }

  /** The first task that may have one helper more. */
  private ParallelTask waiting() {
    for (ParallelTask task : queue) {
      if (task.helpers < threads - 1) {
        return task;
      }
    }
    return null;
  }

  /** Ends the threads that wait. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
