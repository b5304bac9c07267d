package org.ctc4j.host;

import java.util.concurrent.atomic.AtomicInteger;

/** Work in parts that may be done in any order and at the same time; reusable. */
public abstract class ParallelTask {
  /** How many helpers are at it; guarded by the {@link Workers}. */
  int helpers;

  private final AtomicInteger next = new AtomicInteger();
  private int parts;
  private volatile Throwable failure;

  /** Does one part. */
  protected abstract void computePart(int part);

  final void prepare(int count) {
    parts = count;
    failure = null;
    next.set(0);
  }

  /** Does parts until none is left; after a failure the others are left out. */
  final void drain() {
    try {
      for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
        if (failure == null) {
          computePart(part);
        }
      }
    } catch (Throwable e) {
      failure = e;
    }
  }

  /**
   * Throws what a part threw, as it is, a checked exception too: code of users in Kotlin or Scala
   * throws them undeclared.
   */
  final void rethrow() {
    Throwable thrown = failure;
    failure = null;
    if (thrown != null) {
      throw ParallelTask.<RuntimeException>asIs(thrown);
    }
  }

  /** Makes the compiler take what is thrown for an exception that need not be declared. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E asIs(Throwable failure) throws E {
    throw (E) failure;
  }
}
