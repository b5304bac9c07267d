package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same input gives the same bits: in any company, with any threads and memory. */
public abstract class SameBitsContract extends CtcContract {
  protected SameBitsContract(TestedBackend backend) {
    super(backend);
  }

  @Test
  @DisplayName("Batch order, padding and company change nothing in any bit")
  void batching() {
    TestBatch batch = TestBatch.random(random, 50, 5, 9, 14, 3);
    CtcResult together = ctc.lossAndGradient(batch.batch(), batch.options());
    int[] order = {3, 0, 4, 2, 1};
    CtcResult permuted = ctc.lossAndGradient(batch.permuted(order).batch(), batch.options());
    assertEquals(together.loss(), permuted.loss(), 0.0, where("reduced loss"));
    for (int i = 0; i < 5; i++) {
      int n = order[i];
      TestBatch alone = batch.alone(n);
      CtcResult single = ctc.lossAndGradient(alone.batch(), batch.options());
      assertEquals(together.loss(n), single.loss(0), 0.0, where("alone"));
      assertEquals(together.loss(n), permuted.loss(i), 0.0, where("permuted"));
      for (int t = 0; t < batch.inputLengths()[n]; t++) {
        for (int c = 0; c < 9; c++) {
          double g = together.gradient().get(t, n, c);
          assertEquals(g, single.gradient().get(t, 0, c), 0.0, where("alone"));
          assertEquals(g, permuted.gradient().get(t, i, c), 0.0, where("permuted"));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 40", "3, 90", "40, 130", "40, 300", "140, 600"})
  @DisplayName(
      "An utterance has the same bits alone and beside one with far more labels and frames")
  void largeCompany(int labels, int companyLabels) {
    for (double deviation : new double[] {1, 30}) {
      int frames = 2 * labels + 9;
      int companyFrames = 2 * companyLabels;
      TestBatch small = TestBatch.random(random, frames, 2, 12, labels, deviation);
      TestBatch large = TestBatch.random(random, companyFrames, 3, 12, companyLabels, deviation);
      int[] lengths = {companyFrames, frames, frames};
      int[][] targets = {
        TestBatch.randomTarget(random, companyLabels, 12, small.blank()),
        small.targets()[0],
        TestBatch.randomTarget(random, labels, 12, small.blank())
      };
      double[][][] logits = large.logits();
      for (int t = 0; t < frames; t++) {
        logits[1][t] = small.logits()[0][t];
        logits[2][t] = small.logits()[1][t].clone();
      }
      // one utterance that the model is sure of: its loss is near 0
      for (int t = 0; t < frames; t++) {
        int label = t % 2 == 1 && t / 2 < labels ? targets[2][t / 2] : small.blank();
        logits[2][t][label] += 12 + 10 * deviation;
      }
      TestBatch batch = new TestBatch(logits, targets, lengths, 12, small.blank());
      CtcResult together = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int n = 1; n < 3; n++) {
        TestBatch alone = batch.alone(n);
        CtcResult single = ctc.lossAndGradient(alone.batch(), batch.options());
        String what = where("utterance %d, deviation %s".formatted(n, deviation));
        assertEquals(single.loss(0), together.loss(n), 0.0, what);
        for (int t = 0; t < frames; t++) {
          for (int c = 0; c < 12; c++) {
            double expected = single.gradient().get(t, 0, c);
            assertEquals(expected, together.gradient().get(t, n, c), 0.0, what);
          }
        }
        double lossOnly = ctc.loss(alone.batch(), batch.options()).loss(0);
        assertEquals(lossOnly, ctc.loss(batch.batch(), batch.options()).loss(n), 0.0, what);
      }
    }
  }

  @Test
  @DisplayName("Same input, same result, bit for bit, whatever the number of threads")
  void threads() {
    for (int utterances : new int[] {1, 2, 7}) {
      TestBatch batch = TestBatch.random(random, 300, utterances, 40, 60, 3);
      CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int threads = 1; threads <= 4; threads++) {
        try (Ctc other = backend.engine(EngineOptions.DEFAULT.withThreads(threads))) {
          CtcResult got = other.lossAndGradient(batch.batch(), batch.options());
          int count = threads;
          Agreement.assertSameBits(expected, got, () -> where(count + " threads"));
        }
      }
    }
  }

  @Test
  @DisplayName("Same input, same result, bit for bit, whatever the workspace allowed")
  void workspaceLimits() {
    TestBatch batch = TestBatch.random(random, 120, 5, 9, 30, 3);
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    for (long bytes : new long[] {1, 100_000, 300_000}) {
      try (Ctc other = backend.engine(EngineOptions.DEFAULT.withWorkspaceBytes(bytes))) {
        CtcResult got = other.lossAndGradient(batch.batch(), batch.options());
        Agreement.assertSameBits(expected, got, () -> where(bytes + " bytes of workspace"));
      }
    }
  }

  @Test
  @DisplayName("The bits of a nearly certain utterance depend neither on memory nor on company")
  void nearlyCertainInCompany() {
    try (Ctc frugal = backend.engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      for (NearlyCertainCase one : NearlyCertainCase.all()) {
        if (one.frames() < 100 && one.margin() % 20 == 0 && one.margin() > 0) {
          CtcBatch alone = one.batch(one.logits(), ElementType.FLOAT32);
          CtcResult expected = ctc.lossAndGradient(alone, one.options());
          CtcResult inSegments = frugal.lossAndGradient(alone, one.options());
          Agreement.assertSameBits(expected, inSegments, () -> where(one + ", in segments"));
          CtcResult among = ctc.lossAndGradient(one.amongOthers(), one.options());
          Agreement.assertSameBits(expected, among, () -> where(one + ", among others"));
        }
      }
    }
  }
}
