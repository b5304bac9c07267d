package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Bad arguments are refused before any work, with the utterance, the value and the range. */
class ValidationTest {
  private static final FrameTensor LOGITS = FrameTensor.timeMajor(new float[5 * 2 * 4], 5, 2, 4);

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(InvalidInputException.class, call).getMessage());
  }

  private static void computeRefused(String message, CtcBatch batch, CtcOptions options) {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      FrameTensor gradient = FrameTensor.timeMajor(new float[5 * 2 * 4], 5, 2, 4);
      gradient.set(1, 1, 1, 42);
      refused(message, () -> ctc.compute(batch, options, CtcResult.ofGradient(gradient)));
      assertEquals(42, gradient.get(1, 1, 1), "nothing may be written");
    }
  }

  @Test
  @DisplayName("label outside [0, C)")
  void labelOutOfRange() {
    computeRefused(
        "targets: utterance 1 has label 4 at position 1, expected a class in [0, 4)",
        CtcBatch.of(LOGITS, Targets.of(new int[] {1}, new int[] {2, 4})),
        CtcOptions.DEFAULT);
    computeRefused(
        "targets: utterance 0 has label -1 at position 0, expected a class in [0, 4)",
        CtcBatch.of(LOGITS, Targets.of(new int[] {-1}, new int[] {2})),
        CtcOptions.DEFAULT);
  }

  @Test
  @DisplayName("blank inside a target, blank outside [0, C)")
  void blank() {
    computeRefused(
        "targets: utterance 1 has the blank, 2, at position 0; a target holds labels only",
        CtcBatch.of(LOGITS, Targets.of(new int[] {1}, new int[] {2})),
        CtcOptions.DEFAULT.withBlank(2));
    computeRefused(
        "blank: expected a class index in [0, 4), got 4",
        CtcBatch.of(LOGITS, Targets.of(new int[] {1}, new int[] {2})),
        CtcOptions.DEFAULT.withBlank(4));
    refused(
        "blank: expected a class index in [0, C), got -1", () -> CtcOptions.DEFAULT.withBlank(-1));
  }

  @Test
  @DisplayName("lengths that don't fit")
  void lengths() {
    Targets targets = Targets.of(new int[] {1}, new int[] {2});
    refused(
        "input_lengths: utterance 1 has 6, expected a number of frames in [0, 5]",
        () -> CtcBatch.of(LOGITS, targets, new int[] {5, 6}));
    refused(
        "input_lengths: utterance 0 has -1, expected a number of frames in [0, 5]",
        () -> CtcBatch.of(LOGITS, targets, new int[] {-1, 5}));
    refused(
        "input_lengths: expected 2, one for each utterance, got 3",
        () -> CtcBatch.of(LOGITS, targets, new int[3]));
    refused(
        "targets: expected 2, one for each utterance, got 1",
        () -> CtcBatch.of(LOGITS, Targets.of(new int[] {1})));
    refused(
        "target_lengths: utterance 1 has 4, expected a length in [0, 3], the width of the padded targets",
        () -> Targets.padded(new int[6], 3, new int[] {3, 4}));
    refused(
        "target_lengths: utterance 0 has -2, expected a length in [0, 3], the width of the padded targets",
        () -> Targets.padded(new int[6], 3, new int[] {-2, 3}));
    refused(
        "targets: expected (N, Lmax) = (2, 3), 6 labels, got 7",
        () -> Targets.padded(new int[7], 3, new int[] {1, 1}));
    refused(
        "targets: target_lengths add up to 5, but there are 6 concatenated labels",
        () -> Targets.concatenated(new int[6], new int[] {3, 2}));
    refused(
        "target_lengths: utterance 1 has -1, expected 0 or more",
        () -> Targets.concatenated(new int[6], new int[] {7, -1}));
    refused("targets: utterance 1 is null", () -> Targets.of(new int[] {1}, null));
  }

  @Test
  @DisplayName("weights: count, finite, not beside the mean")
  void weights() {
    CtcBatch batch = CtcBatch.of(LOGITS, Targets.of(new int[] {1}, new int[] {2}));
    refused("weights: expected 2, one for each utterance, got 1", () -> batch.withWeights(1));
    refused(
        "weights: utterance 1 has NaN, expected a finite number",
        () -> batch.withWeights(1, Double.NaN));
    computeRefused(
        "weights: they define the reduction themselves; expected NONE or SUM beside them, got MEAN",
        batch.withWeights(1, 2),
        CtcOptions.DEFAULT.withReduction(Reduction.MEAN));
  }

  @Test
  @DisplayName("shapes that are not what the memory holds")
  void shapes() {
    refused(
        "(T, N, C) = (5, 2, 4) is 40 elements, got 39",
        () -> FrameTensor.timeMajor(new float[39], 5, 2, 4));
    refused(
        "(N, T, C) = (2, 5, 4) is 40 elements, got 41",
        () -> FrameTensor.batchMajor(new double[41], 5, 2, 4));
    refused(
        "expected T ≥ 0, N ≥ 0 and C ≥ 1, got (T, N, C) = (5, 2, 0)",
        () -> FrameTensor.timeMajor(new float[0], 5, 2, 0));
    refused(
        "(T, N, C) = (5, 2, 4): utterance 1 reaches index 40 of 40 elements",
        () -> FrameTensor.strided(Elements.of(new float[40]), 1, 5, 2, 4, new Strides(8, 4, 1)));
    refused(
        "(T, N, C) = (2147483647, 2, 4): utterance 1 reaches index 9223372036854775807 of 40 elements",
        () ->
            FrameTensor.strided(
                Elements.of(new float[40]),
                0,
                Integer.MAX_VALUE,
                2,
                4,
                new Strides(Long.MAX_VALUE / 2, 4, 1)));
    refused(
        "strides must be 0 or more, got (T, N, C) = (8, -4, 1)",
        () -> FrameTensor.strided(Elements.of(new float[40]), 0, 5, 2, 4, new Strides(8, -4, 1)));
    refused(
        "the frame counts add up to 20 elements of 4 classes, got 24 elements",
        () -> FrameTensor.packed(Elements.of(new float[24]), new int[] {2, 3}, 4));
    refused(
        "frame counts: utterance 1 has -1, expected 0 or more",
        () -> FrameTensor.packed(Elements.of(new float[8]), new int[] {2, -1}, 4));
    refused(
        "(T, N, C) = (3, 2, 4), packed: utterance 0 reaches index 19 of 12 elements",
        () ->
            FrameTensor.packed(Elements.of(new float[12]), new long[] {8, 0}, new int[] {3, 2}, 4));
  }

  @Test
  @DisplayName("a gradient of another shape, read-only, overlapping itself or the logits")
  void gradient() {
    CtcBatch batch = CtcBatch.of(LOGITS, Targets.of(new int[] {1}, new int[] {2}));
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      refused(
          "gradient: expected the shape of the logits, (T, N, C) = (5, 2, 4), got (T, N, C) = (4, 2, 5)",
          () ->
              ctc.compute(
                  batch,
                  CtcOptions.DEFAULT,
                  CtcResult.ofGradient(FrameTensor.timeMajor(new float[40], 4, 2, 5))));
      refused(
          "result: expected room for 2 utterances, got 3",
          () -> ctc.compute(batch, CtcOptions.DEFAULT, CtcResult.ofLosses(3)));
      refused(
          "gradient: it overlaps the logits in memory",
          () -> ctc.compute(batch, CtcOptions.DEFAULT, CtcResult.ofGradient(LOGITS)));
      // disjoint halves of one array are fine
      float[] both = new float[80];
      FrameTensor logits = FrameTensor.strided(Elements.of(both), 0, 5, 2, 4, new Strides(8, 4, 1));
      FrameTensor gradient =
          FrameTensor.strided(Elements.of(both), 40, 5, 2, 4, new Strides(8, 4, 1));
      CtcBatch shared = CtcBatch.of(logits, Targets.of(new int[] {1}, new int[] {2}));
      ctc.compute(shared, CtcOptions.DEFAULT, CtcResult.ofGradient(gradient));
    }
    refused(
        "gradient: expected a writable buffer, got a read-only one",
        () ->
            CtcResult.ofGradient(
                FrameTensor.timeMajor(
                    Elements.of(FloatBuffer.allocate(40).asReadOnlyBuffer()), 5, 2, 4)));
    refused(
        "gradient: elements overlap: (T, N, C) = (5, 2, 4) with strides (8, 0, 1)",
        () ->
            CtcResult.ofGradient(
                FrameTensor.strided(Elements.of(new float[40]), 0, 5, 2, 4, new Strides(8, 0, 1))));
    refused(
        "gradient: utterances 1 and 0 overlap",
        () ->
            CtcResult.ofGradient(
                FrameTensor.packed(
                    Elements.of(new float[40]), new long[] {7, 0}, new int[] {3, 2}, 4)));
  }

  @Test
  @DisplayName("engine options")
  void engineOptions() {
    refused("threads: expected 1 or more, got 0", () -> EngineOptions.DEFAULT.withThreads(0));
    refused(
        "workspace: expected 1 byte or more, got -5",
        () -> EngineOptions.DEFAULT.withWorkspaceBytes(-5));
  }
}
