package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a rush needed does not stay for good, and what is needed again and again does. */
class PoolTest {
  private int made;
  private final Pool<Object> pool =
      new Pool<>(
          () -> {
            made++;
            return new Object();
          });

  private void takeAndGive(int count) {
    List<Object> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(pool.take());
    }
    taken.forEach(pool::give);
  }

  @Test
  void theLastOneGivenIsTakenFirst() {
    Object a = pool.take();
    Object b = pool.take();
    pool.give(a);
    pool.give(b);
    assertSame(b, pool.take());
    assertSame(a, pool.take());
  }

  @Test
  void shrinksAfterARush() {
    takeAndGive(100);
    assertEquals(100, pool.size());
    for (int i = 0; i < 2 * Pool.PATIENCE; i++) {
      takeAndGive(2);
    }
    assertEquals(2, pool.size());
    assertEquals(100, made);
  }

  @Test
  void keepsWhatIsNeededNowAndThen() {
    for (int rush = 0; rush < 50; rush++) {
      takeAndGive(10);
      for (int i = 0; i < Pool.PATIENCE / 4; i++) {
        takeAndGive(1);
      }
    }
    assertEquals(10, pool.size());
    assertEquals(10, made);
  }

  @Test
  void afterClearAllAreNew() {
    takeAndGive(5);
    pool.clear();
    takeAndGive(5);
    assertEquals(10, made);
  }
}
