package org.ctc4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadTest {
  private static final Shape RAGGED = new Shape("ragged", 40, 50, 12, 9, true);

  /** The shapes of the suite that are small enough for the reference. */
  @ParameterizedTest
  @ValueSource(strings = {"warp-en-16", "chars", "long"})
  void everyUtteranceIsFeasible(String name) {
    assertAllOk(Workload.of(Shape.of(name)));
  }

  @Test
  void everyRaggedUtteranceIsFeasible() {
    assertAllOk(Workload.of(RAGGED));
  }

  @Test
  void targetsOfAllFramesAreFeasible() {
    assertAllOk(Workload.of(Shape.of("6x3x4x6")));
  }

  private static void assertAllOk(Workload workload) {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      CtcResult result = ctc.loss(workload.batch());
      for (int n = 0; n < result.utterances(); n++) {
        assertEquals(CtcStatus.OK, result.status(n), "utterance " + n);
        assertTrue(Double.isFinite(result.loss(n)), "utterance " + n);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"warp-en-16", "6x3x4x6", "9x3x4x6", "13x3x4x6", "5x2x4x0"})
  void peakedWorkloadsAreNearlyCertain(String name) {
    Workload workload = Workload.peaked(Shape.of(name));
    assertAllOk(workload);
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      CtcResult result = ctc.loss(workload.batch());
      for (int n = 0; n < result.utterances(); n++) {
        assertTrue(result.loss(n) < 1e-3, "utterance " + n + ": loss " + result.loss(n));
      }
    }
  }

  @Test
  void pathsCollapseToTheirTargets() {
    for (int frames = 4; frames < 20; frames++) {
      int[] target = {3, 3, 1};
      int[] path = Workload.path(target, frames);
      assertEquals(frames, path.length);
      int[] collapsed =
          IntStream.range(0, frames)
              .filter(t -> path[t] != Workload.BLANK && (t == 0 || path[t] != path[t - 1]))
              .map(t -> path[t])
              .toArray();
      assertArrayEquals(target, collapsed, frames + " frames: " + Arrays.toString(path));
    }
  }

  @Test
  void labelsAreClassesOtherThanTheBlank() {
    Shape shape = Shape.of("400x8x5x100");
    int[] labels =
        Arrays.stream(Workload.of(shape).targets()).flatMapToInt(Arrays::stream).toArray();
    assertArrayEquals(new int[] {1, 2, 3, 4}, Arrays.stream(labels).distinct().sorted().toArray());
  }

  @Test
  void someLabelsRepeat() {
    CtcBatch batch = Workload.of(Shape.of("chars")).batch();
    int repeats = IntStream.range(0, batch.utterances()).map(batch.targets()::repeats).sum();
    int labels = 32 * 80;
    assertTrue(repeats > labels / 32 && repeats < labels / 8, repeats + " of " + labels);
  }

  @Test
  void lengthsAreFullUnlessRagged() {
    Workload workload = Workload.of(Shape.of("chars"));
    assertTrue(Arrays.stream(workload.inputLengths()).allMatch(t -> t == 400));
    assertTrue(Arrays.stream(workload.targetLengths()).allMatch(l -> l == 80));
  }

  @Test
  void raggedLengthsAreFromHalfToFull() {
    Workload workload = Workload.of(RAGGED);
    assertEquals(40, workload.inputLengths()[0]);
    assertEquals(9, workload.targetLengths()[0]);
    var frames = Arrays.stream(workload.inputLengths()).summaryStatistics();
    var labels = Arrays.stream(workload.targetLengths()).summaryStatistics();
    assertTrue(frames.getMin() >= 20 && frames.getMin() < 30 && frames.getMax() == 40);
    assertTrue(labels.getMin() == 4 && labels.getMax() == 9);
  }

  @Test
  void logitsAreNormal() {
    float[] logits = Workload.random(Shape.of("chars"), 3, 7).logits();
    double mean = 0;
    double square = 0;
    for (float x : logits) {
      mean += x / logits.length;
      square += (double) x * x / logits.length;
    }
    assertEquals(0, mean, 0.05);
    assertEquals(9, square, 0.1);
  }

  @Test
  void sameSeedSameNumbers() {
    Workload a = Workload.random(RAGGED, 1, 5);
    Workload b = Workload.random(RAGGED, 1, 5);
    assertArrayEquals(a.logits(), b.logits());
    assertArrayEquals(a.targets(), b.targets());
    assertArrayEquals(a.inputLengths(), b.inputLengths());
    assertFalse(Arrays.equals(a.logits(), Workload.random(RAGGED, 1, 6).logits()));
  }

  @Test
  void paddedTargets() {
    Workload workload = Workload.of(RAGGED);
    int[] padded = workload.paddedTargets();
    for (int n = 0; n < RAGGED.utterances(); n++) {
      int[] row = Arrays.copyOfRange(padded, n * 9, (n + 1) * 9);
      int[] target = workload.targets()[n];
      assertArrayEquals(Arrays.copyOf(target, 9), row);
    }
  }
}
