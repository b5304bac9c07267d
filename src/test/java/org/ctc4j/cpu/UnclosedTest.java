package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.Predicate;
import org.ctc4j.Backend;
import org.ctc4j.Collected;
import org.ctc4j.Ctc;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Engines that are dropped and not closed. */
class UnclosedTest {
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"CPU", "REFERENCE"})
  @DisplayName("An engine that nobody closes gives back its threads, which are daemons")
  void threads(Backend backend) {
    Collected collected = new Collected();
    long before = count(thread -> true);
    for (int i = 0; i < 20; i++) {
      compute(collected.watch("engine", Ctc.create(backend, EngineOptions.DEFAULT.withThreads(8))));
      assertEquals(0, count(thread -> !thread.isDaemon()));
    }
    assertTrue(
        Collected.await(() -> count(thread -> true) <= before),
        () -> "%d threads before, %d after".formatted(before, count(thread -> true)));
    collected.assertAll(() -> "engines that are left");
  }

  private static void compute(Ctc ctc) {
    // not Seed: any numbers will do, memory is what is tested
    TestBatch batch = TestBatch.random(new Random(1), 60, 9, 300, 8, 2);
    ctc.lossAndGradient(batch.batch(), batch.options());
  }

  private static long count(Predicate<Thread> which) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("ctc4j-") && which.test(thread))
        .count();
  }
}
