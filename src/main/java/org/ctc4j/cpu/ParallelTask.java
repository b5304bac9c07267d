package org.ctc4j.cpu;

import java.util.concurrent.atomic.AtomicInteger;

/** Some parts of work that may be done in any order and at the same time; reusable. */
abstract class ParallelTask {
  /** How many helpers are at it; guarded by the {@link Workers}. */
  int helpers;

  private final AtomicInteger next = new AtomicInteger();
  private int parts;
  private volatile Throwable failure;

  /** Does one part. */
  abstract void run(int part);

  final void prepare(int count) {
    parts = count;
    failure = null;
    next.set(0);
  }

  final int parts() {
    return parts;
  }

  /** Does parts until none is left; after a failure the others are left out. */
  final void drain() {
    try {
      for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
        if (failure == null) {
          run(part);
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  final void rethrow() {
    Throwable thrown = failure;
    failure = null;
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown != null) {
      throw (RuntimeException) thrown;
    }
  }
}
