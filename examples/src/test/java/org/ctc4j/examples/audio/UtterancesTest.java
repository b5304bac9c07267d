package org.ctc4j.examples.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.ctc4j.examples.CtcTraining;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class UtterancesTest {
  private static final long SEED = 20261126;

  /** Features t + f / 10 of two filters. */
  private static Utterance utterance(int frames, int... labels) {
    float[] values = new float[frames * 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / 2 + (i % 2) / 10f;
    }
    return new Utterance("u" + labels[0], Features.of(values, 2), labels);
  }

  @Test
  @DisplayName(
      "A batch has filters before frames, silence after the end, and lengths in the model's frames")
  void batch() {
    try (NDManager manager = NDManager.newBaseManager();
        Batch batch = Utterance.batch(manager, List.of(utterance(2, 5), utterance(4, 6, 7)), 3)) {
      assertEquals(new Shape(2, 2, 6), batch.getData().head().getShape());
      assertArrayEquals(
          new float[] {
            0, 1, 0, 0, 0, 0, 0.1f, 1.1f, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0.1f, 1.1f, 2.1f, 3.1f, 0, 0
          },
          batch.getData().head().toFloatArray());
      assertArrayEquals(new int[] {5, 0, 6, 7}, batch.getLabels().get(0).toIntArray());
      assertArrayEquals(new int[] {1, 2}, batch.getLabels().get(1).toIntArray());
      assertArrayEquals(new int[] {1, 2}, batch.getLabels().get(2).toIntArray());
    }
  }

  @Test
  @DisplayName("Each time round every utterance comes once, in batches that are not too large")
  void epochs() {
    Random random = new Random(SEED);
    List<Utterance> utterances = new ArrayList<>();
    for (int i = 0; i < 101; i++) {
      utterances.add(utterance(i == 50 ? 2000 : 1 + random.nextInt(300), i + 1));
    }
    Epochs epochs = new Epochs(utterances, 16, 1000, 1, UnaryOperator.identity());
    try (NDManager manager = NDManager.newBaseManager()) {
      for (int time = 0; time < 3; time++) {
        Map<Integer, Integer> counts = new HashMap<>();
        int seen = 0;
        while (seen < 101) {
          try (Batch batch = epochs.next(manager)) {
            long size = batch.getData().head().getShape().get(0);
            long frames = batch.getData().head().getShape().get(2);
            assertTrue(size <= 16 && (size == 1 || size * frames <= 1000), size + " × " + frames);
            for (int label : batch.getLabels().get(0).toIntArray()) {
              counts.merge(label, 1, Integer::sum);
            }
            seen += (int) size;
          }
        }
        assertEquals(101, counts.size(), "seed " + SEED);
      }
    }
  }

  @Test
  @DisplayName(
      "SpecAugment leaves out a part, with the mean in its place, and nothing of its argument")
  void specAugment() {
    Utterance utterance = utterance(400, 1, 2);
    float[] before = utterance.features().copy();
    float mean = utterance.features().mean();
    SpecAugment augment = new SpecAugment(SEED);
    int masked = 0;
    for (int time = 0; time < 20; time++) {
      // two filters are too few for its bands
      Utterance wide = new Utterance("wide", Features.of(before.clone(), 40), utterance.labels());
      Features features = augment.apply(wide).features();
      int left = 0;
      for (int t = 0; t < features.frames(); t++) {
        for (int f = 0; f < 40; f++) {
          boolean same = features.at(t, f) == wide.features().at(t, f);
          assertTrue(same || features.at(t, f) == mean, "seed " + SEED);
          left += same ? 1 : 0;
        }
      }
      assertTrue(left >= before.length / 2, left + " of " + before.length);
      masked += before.length - left;
      assertArrayEquals(before, wide.features().copy());
    }
    assertTrue(masked > 0);
  }

  @Test
  @DisplayName("A few steps lower the loss, and the model then reads what it was trained with")
  void learns() {
    Random random = new Random(SEED);
    List<Utterance> utterances = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int[] labels = {1 + random.nextInt(3), 1 + random.nextInt(3)};
      float[] values = new float[8 * 3];
      for (int l = 0; l < 2; l++) {
        for (int t = 4 * l; t < 4 * l + 3; t++) {
          values[t * 3 + labels[l] - 1] = 1;
        }
      }
      utterances.add(new Utterance("u" + i, Features.of(values, 3), labels));
    }
    ConvolutionNet net = new ConvolutionNet(16, 3, 1, 1, 0);
    try (CtcTraining training =
        new CtcTraining("test", net.block(4), new Shape(8, 3, 8), 100, 1e-2f, 0)) {
      Epochs epochs = new Epochs(utterances, 8, 100, 1, UnaryOperator.identity());
      try (NDManager manager = NDManager.newBaseManager()) {
        double first = 0;
        double last = 0;
        for (int step = 0; step < 100; step++) {
          try (Batch batch = epochs.next(manager)) {
            last = training.step(batch);
            first = step == 0 ? last : first;
          }
        }
        assertTrue(last < first / 4, first + " to " + last);
      }
      assertEquals(0, training.errorRate(m -> Utterance.batch(m, utterances, 1), 1));
      assertEquals(8 * 8 * 4, training.logits(m -> Utterance.batch(m, utterances, 1)).length);
    }
  }
}
