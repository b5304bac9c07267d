package org.ctc4j.cpu;

import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.EngineOptions;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Thousands of {@link HostileBatch}es against the reference. */
class RandomBatchesTest {
  private static final int BATCHES = 3000;
  private static final long FIRST_SEED = Long.getLong("ctc4j.seed", 0);

  @Test
  void agreeWithTheReference() {
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        Ctc cpu = Ctc.create(Backend.CPU)) {
      for (long seed = FIRST_SEED; seed < FIRST_SEED + BATCHES; seed++) {
        String what = "-Dctc4j.seed=" + seed;
        HostileBatch hostile = HostileBatch.of(seed);
        CtcResult expected = reference.lossAndGradient(hostile.batch(), hostile.options());
        CtcResult got = CtcResult.ofGradient(hostile.gradient());
        cpu.compute(hostile.batch(), hostile.options(), got);
        CtcResult lossAlone = cpu.loss(hostile.batch(), hostile.options());
        for (int n = 0; n < got.utterances(); n++) {
          Assertions.assertEquals(expected.status(n), got.status(n), what);
          Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
          Assertions.assertEquals(got.loss(n), lossAlone.loss(n), what);
          assertGradient(expected, got, n, what);
        }
      }
    }
  }

  /** Each utterance by its own norm: one with a large gradient would hide the errors of another. */
  private static void assertGradient(CtcResult expected, CtcResult got, int n, String what) {
    double error = 0;
    double norm = 0;
    for (int t = 0; t < got.gradient().frames(n); t++) {
      for (int c = 0; c < got.gradient().classes(); c++) {
        double e = expected.gradient().get(t, n, c);
        double difference = got.gradient().get(t, n, c) - e;
        error += difference * difference;
        norm += e * e;
      }
    }
    double ratio = Math.sqrt(error) / Math.max(Math.sqrt(norm), 1e-3);
    Assertions.assertTrue(ratio <= 1e-5, () -> what + ", utterance " + n + ": error " + ratio);
  }

  @Test
  void sameBitsForAnyThreadsAndWorkspace() {
    EngineOptions one = EngineOptions.DEFAULT.withThreads(1);
    try (Ctc single = Ctc.create(Backend.CPU, one);
        Ctc two = Ctc.create(Backend.CPU, one.withThreads(2));
        Ctc three = Ctc.create(Backend.CPU, one.withThreads(3));
        Ctc noTable = Ctc.create(Backend.CPU, one.withWorkspaceBytes(20_000));
        Ctc checkpoints = Ctc.create(Backend.CPU, one.withThreads(2).withWorkspaceBytes(1))) {
      for (long seed = FIRST_SEED; seed < FIRST_SEED + BATCHES / 5; seed++) {
        HostileBatch hostile = HostileBatch.of(seed);
        CtcResult expected = single.lossAndGradient(hostile.batch(), hostile.options());
        for (Ctc other : new Ctc[] {two, three, noTable, checkpoints}) {
          CtcResult got = other.lossAndGradient(hostile.batch(), hostile.options());
          String what = "-Dctc4j.seed=" + seed;
          Agreement.assertSameBits(expected, got, () -> what);
        }
      }
    }
  }
}
