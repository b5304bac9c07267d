package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which way an utterance takes, and that every way leads to what the reference says. */
class ResolutionTest {
  private final Kernels kernels = KernelChoice.get().kernels();

  @ParameterizedTest
  @CsvSource({
    "150x4x28x40,  1, COARSE",
    "150x4x28x40,  10, COARSE",
    "150x4x28x40,  40, FINE",
    "300x2x40x280, 4, COARSE",
    "300x2x40x140, 30, FINE",
    "150x4x28x40,  1000, LOG",
    "300x2x40x280, 1000, LOG",
  })
  void way(String shape, double deviation, String way) {
    CtcBatch batch = Workload.random(Shape.of(shape), deviation, 1).batch();
    FrameTensor gradient = batch.logits().zerosLike(ElementType.FLOAT32);
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = reference.lossAndGradient(batch, CtcOptions.DEFAULT);
      for (int n = 0; n < batch.utterances(); n++) {
        double loss = loss(batch, n, gradient, way);
        Agreement.assertLoss(expected.loss(n), loss, 1e-6, () -> "with gradient");
        assertEquals(loss, loss(batch, n, null, way));
      }
      Agreement.assertGradient(expected.gradient()::get, gradient, 1e-5, () -> way);
    }
  }

  private double loss(CtcBatch batch, int n, FrameTensor gradient, String way) {
    LossPlaces places = LossPlaces.of(batch.utterances(), gradient);
    double[] weights = new double[batch.utterances()];
    Arrays.fill(weights, 1);
    ForwardBackward u = new ForwardBackward(kernels);
    u.begin(new LossCall(batch, CtcOptions.DEFAULT, weights, places), n, 1 << 30);
    u.compute(new Scratch(kernels.another()));
    assertEquals(CtcStatus.OK, places.statuses()[n]);
    assertEquals(way, u.resolution() == null ? "LOG" : u.resolution().name());
    return places.losses()[n];
  }

  /** Every label has a place of its own, next to its neighbours' but at the ends of a stripe. */
  @ParameterizedTest
  @CsvSource({"0, 1", "1, 8", "7, 8", "40, 8", "41, 2", "95, 4", "400, 8", "1000, 2"})
  void stripes(int labels, int lanes) {
    for (Resolution resolution : Resolution.values()) {
      Stripes stripes = new Stripes().begin(labels, lanes, resolution);
      boolean[] taken = new boolean[stripes.width()];
      for (int i = 0; i <= labels; i++) {
        int place = stripes.place(i);
        assertTrue(!taken[place], () -> "taken twice: " + place);
        taken[place] = true;
        assertEquals(i / stripes.depth(), stripes.stripe(place));
        if (i % stripes.depth() > 0) {
          assertEquals(stripes.place(i - 1) + lanes, place);
        }
      }
      assertTrue(stripes.depth() <= resolution.depth());
    }
  }
}
