package org.ctc4j.cpu;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Objects that are kept for reuse: the one given back last is taken first. One that is in use when
 * an exception is thrown is not given back. Those that lay idle while others were taken {@link
 * #PATIENCE} times are let go, so that what a rush needed does not stay for good.
 */
final class Pool<T> {
  static final int PATIENCE = 1000;

  private final ArrayDeque<T> free = new ArrayDeque<>();
  private final Supplier<T> make;
  private int takes;
  private int idle; // how many were free all the time since takes was 0

  Pool(Supplier<T> make) {
    this.make = make;
  }

  T take() {
    synchronized (this) {
      if (!free.isEmpty()) {
        T object = free.pop();
        idle = Math.min(idle, free.size());
        if (++takes >= PATIENCE) {
          letIdleGo();
        }
        return object;
      }
    }
    return make.get();
  }

  /** They are the last: the others were taken and given back before them. */
  private void letIdleGo() {
    for (int i = 0; i < idle; i++) {
      free.removeLast();
    }
    takes = 0;
    idle = free.size();
  }

  synchronized void give(T object) {
    free.push(object);
  }

  synchronized void clear() {
    free.clear();
    idle = 0;
  }

  /** How many are kept. */
  synchronized int size() {
    return free.size();
  }
}
