package org.ctc4j.cpu;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Objects that are kept for reuse: the one given back last is taken first. One that is in use when
 * an exception is thrown is not given back.
 */
final class Pool<T> {
  private final ArrayDeque<T> free = new ArrayDeque<>();
  private final Supplier<T> make;

  Pool(Supplier<T> make) {
    this.make = make;
  }

  T take() {
    synchronized (this) {
      if (!free.isEmpty()) {
        return free.pop();
      }
    }
    return make.get();
  }

  synchronized void give(T object) {
    free.push(object);
  }

  synchronized void clear() {
    free.clear();
  }
}
