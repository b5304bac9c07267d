package org.ctc4j.cpu;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.Engines;
import org.ctc4j.FrameTensor;
import org.ctc4j.HostileBatch;
import org.ctc4j.Seed;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

/**
 * Thousands of {@link HostileBatch}es against the reference, on scalar and on vector kernels as the
 * build names them. One that fails is left in a file, with the command that replays it.
 */
class RandomBatchesTest {
  private static final int BATCHES = 4_000;
  private static final long FIRST_SEED = Seed.of(RandomBatchesTest.class);

  @Test
  void agreeWithTheReference() throws IOException {
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        Ctc cpu = Ctc.create(Backend.CPU)) {
      for (long seed = FIRST_SEED; seed < FIRST_SEED + BATCHES; seed++) {
        HostileBatch hostile = HostileBatch.of(seed);
        try {
          compare(hostile, reference, cpu, "-Dctc4j.seed=" + seed);
        } catch (AssertionFailedError e) {
          Path file = Path.of("target", "failing-batch-%d.npz".formatted(seed));
          throw new AssertionFailedError(e.getMessage() + "\nreplay: " + hostile.write(file), e);
        }
      }
    }
  }

  private static void compare(HostileBatch hostile, Ctc reference, Ctc cpu, String what) {
    CtcResult expected = reference.lossAndGradient(hostile.batch(), hostile.options());
    CtcResult got = CtcResult.ofGradient(hostile.gradient());
    cpu.compute(hostile.batch(), hostile.options(), got);
    CtcResult lossAlone = cpu.loss(hostile.batch(), hostile.options());
    for (int n = 0; n < got.utterances(); n++) {
      Assertions.assertEquals(expected.status(n), got.status(n), what);
      Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
      Assertions.assertEquals(got.loss(n), lossAlone.loss(n), what);
      Agreement.assertGradient(expected, got, n, 1e-13, () -> what);
    }
  }

  @Test
  void probabilitiesAgreeWithTheReference() {
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        Ctc cpu = Ctc.create(Backend.CPU)) {
      for (long seed = FIRST_SEED; seed < FIRST_SEED + BATCHES / 4; seed++) {
        HostileBatch hostile = HostileBatch.of(seed).toProbabilities();
        String what = "-Dctc4j.seed=" + seed;
        CtcResult expected = reference.lossAndGradient(hostile.batch(), hostile.options());
        CtcResult got = CtcResult.ofGradient(hostile.gradient());
        cpu.compute(hostile.batch(), hostile.options(), got);
        for (int n = 0; n < got.utterances(); n++) {
          Assertions.assertEquals(expected.status(n), got.status(n), what);
          Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
          if (hostile.options().gradientIsPerProbability()) {
            assertTimesProbability(hostile.batch().logits(), expected, got, n, what);
          } else {
            Agreement.assertGradient(expected, got, n, 1e-13, () -> what);
          }
        }
      }
    }
  }

  /** The gradient times p: as it is, the smallest p of all would hide the others. */
  private static void assertTimesProbability(
      FrameTensor p, CtcResult expected, CtcResult got, int n, String what) {
    double error = 0;
    double norm = 0;
    for (int t = 0; t < p.frames(n); t++) {
      for (int c = 0; c < p.classes(); c++) {
        double e = expected.gradient().get(t, n, c);
        double g = got.gradient().get(t, n, c);
        if (Math.abs(e) > Float.MAX_VALUE / 2) {
          Assertions.assertTrue(g * e > 1e70, what); // infinite where a float cannot hold it
        } else if (e != 0 || g != 0) { // p may be NaN where both are 0
          norm = Math.hypot(norm, e * p.get(t, n, c));
          error = Math.hypot(error, (g - e) * p.get(t, n, c));
        }
      }
    }
    Assertions.assertTrue(error <= 1e-5 * norm + 1e-13, what + ": " + error + " of " + norm);
  }

  @Test
  void aFailingBatchCanBeReplayed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("batch.npz");
    Assertions.assertTrue(
        HostileBatch.of(11).write(file).startsWith("scripts/ctc compare " + file));
    try (NpzReader npz = NpzReader.open(file)) {
      Assertions.assertEquals(3, npz.header("logits").rank());
      Assertions.assertTrue(npz.names().containsAll(List.of("targets", "target_lengths")));
    }
  }

  @Test
  void sameBitsForAnyThreadsAndWorkspace() {
    EngineOptions one = EngineOptions.DEFAULT.withThreads(1);
    try (Ctc single = engine(one);
        Ctc two = engine(one.withThreads(2));
        Ctc three = engine(one.withThreads(3));
        Ctc noTable = engine(one.withWorkspaceBytes(20_000));
        Ctc checkpoints = engine(one.withThreads(2).withWorkspaceBytes(1))) {
      for (long seed = FIRST_SEED; seed < FIRST_SEED + 600; seed++) {
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

  /** One that shares the smallest batch among its threads. */
  private static Ctc engine(EngineOptions options) {
    Kernels kernels = KernelChoice.get().orThrow();
    return Engines.of(new CpuBackend(options, kernels, ProjectionTiling.DEFAULT, null, 0));
  }
}
