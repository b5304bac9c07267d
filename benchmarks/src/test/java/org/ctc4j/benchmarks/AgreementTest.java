package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.junit.jupiter.api.Test;

class AgreementTest {
  private final Workload workload = Workload.of(Shape.of("20x3x6x4"));

  @Test
  void scaledResultsAreOffByTheScale() {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      CtcResult reference = ctc.lossAndGradient(workload.batch(), CtcOptions.DEFAULT);
      double[] losses = reference.losses();
      losses[1] *= 1.25;
      FrameTensor gradient = workload.tensor(new float[workload.logits().length]);
      for (int t = 0; t < 20; t++) {
        for (int n = 0; n < 3; n++) {
          for (int c = 0; c < 6; c++) {
            gradient.set(t, n, c, 1.5 * reference.gradient().get(t, n, c));
          }
        }
      }
      Agreement agreement = Agreement.of(losses, gradient, reference);
      assertEquals(0.25, agreement.lossError(), 1e-6);
      assertEquals(0.5, agreement.gradientError(), 1e-6);
      assertFalse(agreement.holds());
    }
  }
}
