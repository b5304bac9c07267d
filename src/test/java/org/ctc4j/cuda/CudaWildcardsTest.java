package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wildcards in host memory, beside what the contract of all backends has. */
@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
class CudaWildcardsTest {
  private static final FrameTensor LOGITS = FrameTensor.timeMajor(new float[2 * 6 * 3], 6, 2, 3);

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  private static CtcBatch batch(Wildcards wildcards, int... second) {
    Targets targets = Targets.of(new int[] {1, 2}, second);
    return CtcBatch.of(LOGITS, targets.withWildcards(wildcards));
  }

  private String where(Object what) {
    return what + "; replay with -Dctc4j.seed=" + seed;
  }

  @Test
  @DisplayName("Where they are allowed and there are none, they change nothing")
  void none() {
    CtcBatch allowed = batch(Wildcards.DEFAULT, 1, 1);
    CtcBatch plain = CtcBatch.of(LOGITS, Targets.of(new int[] {1, 2}, new int[] {1, 1}));
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      assertEquals(CtcStatus.OK, ctc.loss(allowed).status(1));
      assertEquals(ctc.loss(plain).loss(), ctc.loss(allowed).loss());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 30, 511, 512})
  @DisplayName(
      "Any number of labels, in as little memory as there may be: the reference's, and the same bits")
  void longTargets(int labels) {
    int frames = labels > 100 ? 9 : 50;
    FrameTensor logits = FrameTensor.timeMajor(new float[2 * frames * 4], frames, 2, 4);
    for (int i = 0; i < 2 * frames * 4; i++) {
      logits.elements().set(i, 3 * random.nextGaussian());
    }
    int[][] drawn = new int[2][labels];
    for (int[] target : drawn) {
      Arrays.setAll(target, i -> random.nextInt(5) < 4 ? 1 + random.nextInt(3) : Wildcards.FRAMES);
    }
    drawn[1] = Arrays.copyOf(drawn[1], labels / 2 + 1);
    drawn[1][labels / 2] = Wildcards.LABELS;
    Targets targets = Targets.of(drawn).withWildcards(new Wildcards(0.3, 0.1, 1));
    CtcBatch batch = CtcBatch.of(logits, targets, new int[] {frames, frames - 3});
    EngineOptions little = EngineOptions.DEFAULT.withWorkspaceBytes(1);
    try (Ctc ctc = Ctc.create(Backend.CUDA);
        Ctc frugal = Ctc.create(Backend.CUDA, little);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = computed(reference, batch);
      CtcResult got = computed(ctc, batch);
      for (int n = 0; n < 2; n++) {
        assertEquals(CtcStatus.OK, got.status(n), where(n));
        // the kernels of wildcards sum up in float64; an empty target has none and no part in them
        double tolerance = targets.length(n) == 0 ? 1e-6 : 1e-9;
        Agreement.assertLoss(expected.loss(n), got.loss(n), tolerance, () -> where(labels));
      }
      Agreement.assertGradient(
          expected.gradient()::get, got.gradient(), 1e-6, () -> where("gradient"));
      Agreement.assertGradient(
          expected.posteriors()::get, got.posteriors(), 1e-6, () -> where("classes"));
      Agreement.assertGradient(
          expected.statePosteriors()::get, got.statePosteriors(), 1e-6, () -> where("states"));
      Agreement.assertSameBits(got, computed(frugal, batch), () -> where("little memory"));
    }
  }

  private static CtcResult computed(Ctc engine, CtcBatch batch) {
    FrameTensor logits = batch.logits();
    int states = 2 * batch.targets().maxLength() + 1;
    CtcResult result =
        CtcResult.ofGradient(zeros(logits, logits.classes()))
            .withPosteriors(zeros(logits, logits.classes()))
            .withStatePosteriors(zeros(logits, states));
    engine.compute(batch, CtcOptions.DEFAULT, result);
    return result;
  }

  private static FrameTensor zeros(FrameTensor like, int columns) {
    int frames = like.frames();
    int utterances = like.utterances();
    float[] numbers = new float[frames * utterances * columns];
    return FrameTensor.timeMajor(numbers, frames, utterances, columns);
  }
}
