package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

class SeedTest {
  @Test
  void givenFixedOrDrawn() {
    assertEquals(7, Seed.choose(SeedTest.class, 7L, true));
    assertEquals(7, Seed.choose(SeedTest.class, 7L, false));
    assertEquals("org.ctc4j.SeedTest".hashCode(), Seed.choose(SeedTest.class, null, true));
    assertTrue(
        LongStream.generate(() -> Seed.choose(SeedTest.class, null, false))
                .limit(20)
                .distinct()
                .count()
            > 10);
  }

  @Test
  void theSameThroughoutAClassAndAnotherInTheNext() {
    assertEquals(Seed.of(SeedTest.class), Seed.of(SeedTest.class));
    assertEquals(Seed.random(SeedTest.class).nextLong(), Seed.random(SeedTest.class).nextLong());
    if (Long.getLong("ctc4j.seed") == null) {
      assertNotEquals(Seed.of(SeedTest.class), Seed.of(Failing.class));
    }
  }

  @Test
  void everyFailureNamesIt() {
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(Failing.class))
                .build(),
            listener);
    assertEquals(2, listener.getSummary().getFailures().size());
    listener
        .getSummary()
        .getFailures()
        .forEach(
            failure -> {
              String message = failure.getException().getMessage();
              assertTrue(
                  message.endsWith("[-Dctc4j.seed=" + Seed.of(Failing.class) + "]"), message);
              assertTrue(message.startsWith("broken"), message);
            });
  }

  /** Not found by Surefire, which leaves nested classes alone that are no @Nested. */
  static class Failing {
    private final long seed = Seed.of(getClass());

    @Test
    void assertion() {
      assertEquals(0, seed - seed + 1, "broken");
    }

    @Test
    void exception() {
      throw new IllegalStateException("broken");
    }
  }
}
