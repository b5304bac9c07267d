package org.ctc4j.cpu;

import java.util.ArrayDeque;

/**
 * A fixed number of daemon threads that help calling threads with their work. Calls from several
 * threads at once share them; each caller works itself until its own work is done, so none waits
 * for a helper to become free. Nothing is allocated.
 *
 * <p>Rejected: the common ForkJoinPool and executors, which are shared with others or allocate for
 * each task.
 */
final class Workers implements AutoCloseable {
  private final int threads;
  private final ArrayDeque<ParallelTask> queue = new ArrayDeque<>(); // guarded by this
  private boolean closed; // guarded by this

  /**
   * @param threads how many work on one call, the calling one included
   */
  Workers(int threads) {
    this.threads = threads;
    for (int i = 1; i < threads; i++) {
      Thread thread = new Thread(this::help, "ctc4j-cpu-" + i);
      thread.setDaemon(true);
      thread.start();
    }
  }

  int threads() {
    return threads;
  }

  /** Does all parts of the work, and returns when the last is done; throws what a part threw. */
  void run(ParallelTask work) {
    boolean shared = threads > 1 && work.parts() > 1;
    if (shared) {
      synchronized (this) {
        queue.add(work);
        notifyAll();
      }
    }
    work.drain();
    if (shared) {
      awaitHelpers(work);
    }
    work.rethrow();
  }

  private synchronized void awaitHelpers(ParallelTask work) {
    boolean interrupted = false;
    queue.remove(work);
    while (work.helpers > 0) {
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

  private void help() {
    for (ParallelTask work = next(null); work != null; work = next(work)) {
      work.drain();
    }
  }

  /** Leaves {@code done} and waits for other work; null when closed. */
  private synchronized ParallelTask next(ParallelTask done) {
    if (done != null) {
      queue.remove(done);
      done.helpers--;
      notifyAll();
    }
    while (queue.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        return null; // nobody interrupts these threads but to end them
      }
    }
    if (queue.isEmpty()) {
      return null;
    }
    ParallelTask work = queue.peek();
    work.helpers++;
    return work;
  }

  /** Ends the threads. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
