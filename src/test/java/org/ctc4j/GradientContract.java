package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the gradient is of: reductions, weights, log-probabilities, scores. */
public abstract class GradientContract extends CtcContract {
  protected GradientContract(TestedBackend backend) {
    super(backend);
  }

  @Test
  @DisplayName("The gradient is that of the reduced loss: central differences")
  void centralDifferences() {
    TestBatch drawn = TestBatch.random(random, 30, 3, 6, 9, 2);
    FrameTensor logits = drawn.fill(FrameTensor.timeMajor(new double[30 * 3 * 6], 30, 3, 6));
    for (InputKind input : InputKind.values()) {
      for (Reduction reduction : Reduction.values()) {
        CtcOptions options =
            drawn.options().withInput(input).withReduction(reduction).withZeroInfinity(true);
        CtcBatch batch =
            drawn.batch(
                switch (input) {
                  case LOG_PROBS -> logSoftmax(logits);
                  case PROBABILITIES -> softmax(logits, ElementType.FLOAT64);
                  case LOGITS, SCORES -> logits;
                });
        CtcResult got = ctc.lossAndGradient(batch, options);
        assertEquals(reducedByHand(got, drawn, reduction), got.loss(), 1e-9 * Math.abs(got.loss()));
        for (int trial = 0; trial < 40; trial++) {
          int t = random.nextInt(30);
          int n = random.nextInt(3);
          int c = random.nextInt(6);
          // that by a probability is as much larger as that is small
          double unit = input == InputKind.PROBABILITIES ? batch.logits().get(t, n, c) : 1;
          double expected = centralDifference(batch, options, t, n, c);
          assertEquals(
              expected * unit,
              got.gradient().get(t, n, c) * unit,
              1e-7 + 10 * backend.gradientTolerance(),
              () -> where("%s, %s, (t, n, c) = (%d, %d, %d)".formatted(input, reduction, t, n, c)));
        }
      }
    }
  }

  @ParameterizedTest(name = "{0} frames, {1} classes, {2} labels")
  @CsvSource({"60, 6, 8", "300, 9, 140", "620, 12, 300"})
  @DisplayName("A model may be sure of the target, of another one, or of none: side by side, too")
  void sureOfTheTargetOrAnother(int frames, int classes, int labels) {
    TestBatch batch = NearlyCertain.rightlyOrWrongly(random, frames, classes, labels);
    for (InputKind input : List.of(InputKind.LOGITS, InputKind.LOG_PROBS)) {
      CtcOptions options = batch.options().withInput(input);
      CtcBatch numbers =
          input == InputKind.LOGITS ? batch.batch() : batch.batch(logSoftmax(batch.timeMajor()));
      CtcResult expected = reference(numbers, options);
      CtcResult got = ctc.lossAndGradient(numbers, options);
      for (int n = 0; n < batch.utterances(); n++) {
        String what = where("%s, utterance %d".formatted(input, n));
        Agreement.assertLoss(expected.loss(n), got.loss(n), backend.lossTolerance(), () -> what);
        Agreement.assertGradient(expected, got, n, 0, () -> what);
      }
    }
  }

  private static double reducedByHand(CtcResult result, TestBatch batch, Reduction reduction) {
    double sum = 0;
    for (int n = 0; n < result.utterances(); n++) {
      int labels = Math.max(1, batch.targets()[n].length);
      sum += reduction == Reduction.MEAN ? result.loss(n) / labels : result.loss(n);
    }
    return reduction == Reduction.MEAN ? sum / result.utterances() : sum;
  }

  /** Of the reference's reduced loss: float32 losses have too few digits for differences. */
  static double centralDifference(CtcBatch batch, CtcOptions options, int t, int n, int c) {
    FrameTensor logits = batch.logits();
    double x = logits.get(t, n, c);
    double step = options.input() == InputKind.PROBABILITIES ? 1e-4 * x : 1e-5;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      logits.set(t, n, c, x + step);
      double above = reference.loss(batch, options).loss();
      logits.set(t, n, c, x - step);
      double below = reference.loss(batch, options).loss();
      return (above - below) / (2 * step);
    } finally {
      logits.set(t, n, c, x);
    }
  }

  @Test
  @DisplayName("… or of Σ w_n · loss_n for caller-given w; a weight of 0 silences an infinite loss")
  void weights() {
    TestBatch batch = TestBatch.random(random, 20, 3, 5, 4, 2);
    batch.targets()[1] = TestBatch.randomTarget(random, 30, 5, batch.blank()); // cannot fit
    CtcResult plain = ctc.lossAndGradient(batch.batch(), batch.options());
    double[] w = {-2.5, 0, 0.25};
    CtcResult got = ctc.lossAndGradient(batch.batch().withWeights(w), batch.options());
    assertEquals(CtcStatus.INFEASIBLE, got.status(1));
    assertEquals(Double.POSITIVE_INFINITY, got.loss(1));
    double expected = w[0] * plain.loss(0) + w[2] * plain.loss(2);
    assertEquals(expected, got.loss(), backend.lossTolerance() * 100);
    Agreement.assertGradient(
        (t, n, c) -> w[n] * plain.gradient().get(t, n, c),
        got.gradient(),
        backend.gradientTolerance(),
        () -> where("weights"));
  }

  @Test
  @DisplayName("log_probs: by default −posterior, on request what PyTorch returns")
  void logProbs() {
    TestBatch batch = TestBatch.random(random, 25, 3, 6, 7, 2);
    CtcResult fromLogits = ctc.lossAndGradient(batch.batch(), batch.options());
    FrameTensor logProbs = logSoftmax(batch.timeMajor());
    CtcOptions options = batch.options().withInput(InputKind.LOG_PROBS);
    CtcResult asLogits =
        ctc.lossAndGradient(batch.batch(logProbs), options.withGradientKind(GradientKind.LOGITS));
    CtcResult partial = ctc.lossAndGradient(batch.batch(logProbs), options);
    double rounding = 1e-6; // of the log-probabilities to float32
    Agreement.assertGradient(
        fromLogits.gradient()::get,
        asLogits.gradient(),
        backend.gradientTolerance() + rounding * 10,
        () -> where("read as logits"));
    for (int n = 0; n < 3; n++) {
      boolean ok = partial.status(n) == CtcStatus.OK;
      for (int t = 0; t < batch.inputLengths()[n]; t++) {
        double sum = 0;
        for (int c = 0; c < 6; c++) {
          double posterior = -partial.gradient().get(t, n, c);
          assertTrue(posterior >= 0 && posterior <= 1 + 1e-5, where("posterior " + posterior));
          sum += posterior;
        }
        assertEquals(ok ? 1 : 0, sum, 1e-5, where("sum of the posteriors"));
      }
    }
    assertMatchesReference(batch.batch(logProbs), options, "log_probs");
  }

  /** A copy of a time-major tensor of logits, of its element type. */
  private static FrameTensor logSoftmax(FrameTensor logits) {
    FrameTensor logProbs = logits.zerosLike(logits.elements().type());
    for (int n = 0; n < logits.utterances(); n++) {
      for (int t = 0; t < logits.frames(n); t++) {
        double sum = 0;
        for (int c = 0; c < logits.classes(); c++) {
          sum += Math.exp(logits.get(t, n, c));
        }
        for (int c = 0; c < logits.classes(); c++) {
          logProbs.set(t, n, c, logits.get(t, n, c) - Math.log(sum));
        }
      }
    }
    return logProbs;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("probabilities: what their logarithms give, the gradient −posterior / p")
  void probabilities(ElementType type) {
    TestBatch drawn = TestBatch.random(random, 25, 4, 6, 7, 2);
    FrameTensor p = softmax(drawn.timeMajor(), type);
    for (GradientKind kind : GradientKind.values()) {
      CtcOptions options = drawn.options().withGradientKind(kind);
      CtcOptions given = options.withInput(InputKind.PROBABILITIES);
      CtcResult expected =
          reference(drawn.batch(logarithms(p)), options.withInput(InputKind.LOG_PROBS));
      CtcResult got = ctc.lossAndGradient(drawn.batch(p), given);
      String what = "%s, %s".formatted(type, kind);
      if (kind == GradientKind.LOGITS) {
        assertMatches(expected, got, what);
      } else {
        Agreement.assertGradient(
            (t, n, c) -> expected.gradient().get(t, n, c) / p.get(t, n, c),
            got.gradient(),
            backend.gradientTolerance(),
            () -> where(what));
        Agreement.assertGradient(
            expected.gradient()::get,
            times(got.gradient(), p),
            backend.gradientTolerance(),
            () -> where("p · gradient, " + what));
      }
      assertMatchesReference(drawn.batch(p), given, what);
      double[] weights = {-2, 0, 1e-9, 3};
      CtcResult weighted = ctc.lossAndGradient(drawn.batch(p).withWeights(weights), given);
      Agreement.assertGradient(
          (t, n, c) -> weights[n] * got.gradient().get(t, n, c),
          weighted.gradient(),
          backend.gradientTolerance(),
          () -> where("weighted, " + what));
    }
  }

  /** In float64. */
  private static FrameTensor times(FrameTensor a, FrameTensor b) {
    FrameTensor product = a.zerosLike(ElementType.FLOAT64);
    for (int n = 0; n < a.utterances(); n++) {
      for (int t = 0; t < a.frames(n); t++) {
        for (int c = 0; c < a.classes(); c++) {
          product.set(t, n, c, a.get(t, n, c) * b.get(t, n, c));
        }
      }
    }
    return product;
  }

  @Test
  @DisplayName("Probabilities of 0 are −Infinity in logarithms, and have gradient 0")
  void zeroProbabilities() {
    for (int i = 0; i < backend.draws(20); i++) {
      TestBatch batch = TestBatch.random(random, 8, 30, 4, 3, 2);
      for (double[][] utterance : batch.logits()) {
        for (double[] row : utterance) {
          int kept = random.nextInt(4);
          for (int c = 0; c < 4; c++) {
            row[c] = c != kept && random.nextInt(3) == 0 ? Double.NEGATIVE_INFINITY : row[c];
          }
        }
      }
      FrameTensor p = softmax(batch.timeMajor(), ElementType.FLOAT32);
      CtcOptions options = batch.options().withInput(InputKind.PROBABILITIES);
      String what = "zeros, batch " + i;
      assertMatchesReference(batch.batch(p), options, what);
      CtcOptions ofLogs = batch.options().withInput(InputKind.LOG_PROBS);
      CtcResult expected = reference(batch.batch(logarithms(p)), ofLogs);
      CtcResult got = ctc.lossAndGradient(batch.batch(p), options);
      for (int n = 0; n < 30; n++) {
        assertEquals(expected.status(n), got.status(n), where(what));
        Agreement.assertLoss(
            expected.loss(n), got.loss(n), backend.lossTolerance(), () -> where(what));
        for (int t = 0; t < 8; t++) {
          for (int c = 0; c < 4; c++) {
            double gradient = got.gradient().get(t, n, c);
            assertTrue(Double.isFinite(gradient), where(what));
            assertTrue(p.get(t, n, c) > 0 || gradient == 0, where(what));
          }
        }
      }
    }
  }

  @Test
  @DisplayName("Scores are taken as they come: −ln Σ Π e^score, also below 0")
  void scores() {
    TestBatch batch = TestBatch.random(random, 25, 3, 6, 7, 5);
    CtcOptions options = batch.options().withInput(InputKind.SCORES);
    assertMatchesReference(batch.batch(), options, "−posterior");
    assertMatchesReference(
        batch.batch(), options.withGradientKind(GradientKind.LOGITS), "exp(x) − posterior");
    // "ab" in two frames has one path
    double[] numbers = {0.25, 2.5, -1, 0.5, 0.75, 3};
    CtcBatch onePath =
        CtcBatch.of(FrameTensor.timeMajor(numbers, 2, 1, 3), Targets.of(new int[][] {{1, 2}}));
    CtcResult got = ctc.lossAndGradient(onePath, CtcOptions.DEFAULT.withInput(InputKind.SCORES));
    assertEquals(-5.5, got.loss(0), 5.5 * backend.lossTolerance(), where("loss"));
    assertEquals(CtcStatus.OK, got.status(0));
    for (int c = 0; c < 3; c++) {
      assertEquals(c == 1 ? -1 : 0, got.gradient().get(0, 0, c), 1e-6, where("gradient"));
      assertEquals(c == 2 ? -1 : 0, got.gradient().get(1, 0, c), 1e-6, where("gradient"));
    }
  }

  @Test
  @DisplayName("Gradient rows sum to 0")
  void rowsSumToZero() {
    for (int classes : new int[] {2, 7, 1000}) {
      TestBatch batch = TestBatch.random(random, 30, 3, classes, 10, 3);
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int n = 0; n < 3; n++) {
        for (int t = 0; t < 30; t++) {
          double sum = 0;
          for (int c = 0; c < classes; c++) {
            sum += got.gradient().get(t, n, c);
          }
          assertEquals(0, sum, backend.gradientTolerance(), where("row sum"));
        }
      }
    }
  }
}
