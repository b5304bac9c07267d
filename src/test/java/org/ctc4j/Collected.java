package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Objects that a test lets go of, and which the garbage collector must then be able to take. */
public final class Collected {
  /** Long enough for any machine: what is held stays held, what is not goes at once. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private record Name(String name, WeakReference<Object> object) {}

  private final List<Name> names = new ArrayList<>();

  /** Watches an object, and returns it. */
  public <T> T watch(String name, T object) {
    names.add(new Name(name, new WeakReference<>(object)));
    return object;
  }

  /** Fails with the names of those that are still held. */
  public void assertAll(Supplier<String> what) {
    await(() -> held().isEmpty());
    assertEquals(List.of(), held(), what);
  }

  private List<String> held() {
    return names.stream().filter(n -> n.object.get() != null).map(Name::name).toList();
  }

  /** Collects garbage until something holds; whether it came to hold. */
  public static boolean await(BooleanSupplier holds) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      System.gc();
      try {
        Thread.sleep(10); // cleaners have threads of their own
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return true;
  }
}
