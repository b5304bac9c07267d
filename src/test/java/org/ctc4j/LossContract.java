package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The loss is that of the definition, and the reference's on shapes of every kind. */
public abstract class LossContract extends CtcContract {
  protected LossContract(TestedBackend backend) {
    super(backend);
  }

  @Test
  @DisplayName("The loss is −log of the sum over all paths that collapse to the target")
  void bruteForce() {
    for (TestBatch batch : tinyBatches(backend.draws(4000))) {
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int n = 0; n < batch.utterances(); n++) {
        double[][] used = Arrays.copyOf(batch.logits()[n], batch.inputLengths()[n]);
        BruteForce expected = new BruteForce(used, batch.targets()[n], batch.blank());
        String what = where("of %d utterances, %d".formatted(batch.utterances(), n));
        // a sum of paths near 1 has the digits of 1
        double digits = expected.loss() > 0 ? 1e-15 / expected.loss() : 0;
        Agreement.assertLoss(
            expected.loss(), got.loss(n), backend.lossTolerance() + digits, () -> what);
        for (int t = 0; t < batch.frames(); t++) {
          for (int c = 0; c < batch.classes(); c++) {
            double gradient = t < used.length ? expected.gradient(t, c) : 0;
            double difference = got.gradient().get(t, n, c) - gradient;
            assertTrue(
                Math.abs(difference) <= 4 * backend.gradientTolerance(),
                () -> what + ": gradient off by " + difference);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 2, 0",
    "1, 2, 2, 1",
    "12, 3, 3, 4",
    "40, 4, 6, 15",
    "70, 3, 30, 31",
    "70, 3, 30, 32",
    "140, 2, 9, 63",
    "140, 2, 9, 64",
    "40, 2, 5000, 10",
    "300, 2, 28, 127",
    "300, 2, 28, 128",
    "1100, 1, 12, 511",
    "1100, 1, 12, 512",
    "2300, 1, 5, 1024",
    "5, 2, 50000, 2",
    "200, 2, 2, 40"
  })
  @DisplayName("Loss, status and gradient are the reference's on shapes of every kind")
  void shapes(int frames, int utterances, int classes, int labels) {
    for (double deviation : backend.certainties(frames, labels, 0.1, 3, 50)) {
      TestBatch batch = TestBatch.random(random, frames, utterances, classes, labels, deviation);
      batch.targets()[0] = TestBatch.randomTarget(random, labels, classes, batch.blank());
      assertMatchesReference(batch.batch(), batch.options(), "deviation " + deviation);
    }
  }

  @ParameterizedTest
  @CsvSource({"12, 3, 3, 4", "70, 3, 30, 31", "140, 2, 9, 64", "40, 2, 5000, 10", "5, 3, 50, 2"})
  @DisplayName("Loss, status and posteriors of probabilities are those of their logarithms")
  void probabilities(int frames, int utterances, int classes, int labels) {
    for (double deviation : new double[] {0.1, 3, 20}) {
      TestBatch drawn = TestBatch.random(random, frames, utterances, classes, labels, deviation);
      for (ElementType type : ElementType.values()) {
        FrameTensor p = softmax(drawn.timeMajor(), type);
        CtcOptions options = drawn.options().withInput(InputKind.PROBABILITIES);
        CtcResult got = ctc.posteriors(drawn.batch(p), options);
        CtcResult expected;
        try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
          CtcOptions ofLogs = drawn.options().withInput(InputKind.LOG_PROBS);
          expected = reference.posteriors(drawn.batch(logarithms(p)), ofLogs);
        }
        String what = "%s, deviation %s".formatted(type, deviation);
        for (int n = 0; n < utterances; n++) {
          assertEquals(expected.status(n), got.status(n), where(what));
          double digits = 1e-15 * frames; // of sums near 1
          assertEquals(
              expected.loss(n),
              got.loss(n),
              digits + backend.lossTolerance() * expected.loss(n),
              where(what));
        }
        Agreement.assertGradient(
            expected.posteriors()::get,
            got.posteriors(),
            backend.gradientTolerance(),
            () -> where(what));
      }
    }
  }

  @Test
  @DisplayName("A nearly certain utterance of probabilities keeps the digits of its loss")
  void nearlyCertainProbabilities() {
    for (double other : new double[] {1e-3, 1e-6, 1e-9, 1e-14}) {
      double sure = 1 - 2 * other;
      double[] numbers = {other, sure, other, other, sure, other};
      CtcBatch batch =
          CtcBatch.of(FrameTensor.timeMajor(numbers, 2, 1, 3), Targets.of(new int[] {1}));
      CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
      // what does not collapse to the target: a 2 in either frame, or two blanks
      double fails = (2 * other - other * other) + other * other;
      assertEquals(
          -Math.log1p(-fails),
          ctc.loss(batch, options).loss(0),
          1e-15 + backend.lossTolerance() * fails,
          where("others have " + other));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "BFLOAT16"})
  @DisplayName("Sums of nearly certain 16-bit probabilities, below 1 or above, are rounding")
  void certainHalfProbabilities(ElementType type) {
    for (double sure : new double[] {0.996, 1, 1.0078125}) {
      FrameTensor p = FrameTensor.timeMajor(Elements.allocate(type, 20 * 4), 20, 1, 4);
      for (int t = 0; t < 20; t++) {
        for (int c = 0; c < 4; c++) {
          p.set(t, 0, c, c == (t < 10 ? 1 : 2) ? sure : 1e-5 * (1 + c));
        }
      }
      CtcBatch batch = CtcBatch.of(p, Targets.of(new int[] {1, 2}));
      CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
      assertMatchesReference(batch, options, "%s, %s".formatted(type, sure));
      double loss = ctc.loss(batch, options).loss(0);
      assertTrue(loss > 0 && loss < 2e-3, where("%s, %s: loss %s".formatted(type, sure, loss)));
    }
  }

  @Test
  @DisplayName("Empty target: loss = −Σ log p(blank)")
  void emptyTarget() {
    TestBatch drawn = TestBatch.random(random, 30, 2, 6, 0, 2);
    CtcResult got = ctc.lossAndGradient(drawn.batch(), drawn.options());
    for (int n = 0; n < 2; n++) {
      double expected = 0;
      for (int t = 0; t < drawn.inputLengths()[n]; t++) {
        double[] row = drawn.logits()[n][t];
        double sum = Arrays.stream(row).map(Math::exp).sum();
        expected += Math.log(sum) - row[drawn.blank()];
      }
      Agreement.assertLoss(
          expected, got.loss(n), backend.lossTolerance() * 2, () -> where("empty"));
    }
  }

  @Test
  @DisplayName("C = 1: only blanks, loss 0")
  void onlyBlank() {
    FrameTensor logits = FrameTensor.timeMajor(new float[] {3, -5, 0}, 3, 1, 1);
    CtcResult got =
        ctc.lossAndGradient(CtcBatch.of(logits, Targets.of(new int[0])), CtcOptions.DEFAULT);
    assertEquals(0.0, got.loss(0), 1e-12);
    assertEquals(0.0, got.gradient().get(1, 0, 0), 1e-7);
  }

  @Test
  @DisplayName("A constant added to a frame's logits changes nothing")
  void shiftInvariance() {
    TestBatch batch = TestBatch.random(random, 40, 3, 8, 12, 2);
    CtcResult expected = reference(batch.batch(), batch.options());
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        // halves, so that float32 holds every sum exactly enough
        double constant = random.nextInt(64) - 32;
        for (int c = 0; c < row.length; c++) {
          row[c] += constant;
        }
      }
    }
    FrameTensor doubles = batch.fill(FrameTensor.timeMajor(new double[40 * 3 * 8], 40, 3, 8));
    CtcResult got = ctc.lossAndGradient(batch.batch(doubles), batch.options());
    assertMatches(expected, got, "shifted");
  }

  @Test
  @DisplayName("Reversing time and target keeps the loss and reverses the gradient")
  void reversal() {
    TestBatch batch = TestBatch.random(random, 40, 3, 6, 12, 2);
    Arrays.fill(batch.inputLengths(), 40);
    CtcResult forward = ctc.lossAndGradient(batch.batch(), batch.options());
    double[][][] logits = new double[3][40][];
    int[][] targets = new int[3][];
    for (int n = 0; n < 3; n++) {
      for (int t = 0; t < 40; t++) {
        logits[n][t] = batch.logits()[n][39 - t];
      }
      int length = batch.targets()[n].length;
      targets[n] = new int[length];
      for (int i = 0; i < length; i++) {
        targets[n][i] = batch.targets()[n][length - 1 - i];
      }
    }
    TestBatch backward =
        new TestBatch(logits, targets, batch.inputLengths(), batch.classes(), batch.blank());
    CtcResult got = ctc.lossAndGradient(backward.batch(), backward.options());
    for (int i = 0; i < 3; i++) {
      int n = i;
      Agreement.assertLoss(
          forward.loss(n), got.loss(n), backend.lossTolerance(), () -> where("reversed " + n));
    }
    Agreement.assertGradient(
        (t, n, c) -> forward.gradient().get(39 - t, n, c),
        got.gradient(),
        backend.gradientTolerance(),
        () -> where("reversed"));
  }

  @Tag("long")
  @Test
  @DisplayName("Nothing overflows at T = 10^6 frames")
  void millionFrames() {
    int frames = backend.manyFrames();
    float[] logits = new float[frames * 4]; // class 3, at 0, takes nearly all of the probability
    for (int t = 0; t < frames; t++) {
      boolean firstHalf = t < frames / 2;
      logits[4 * t] = -0x1.8p25f;
      logits[4 * t + 1] = firstHalf ? -0x1p24f : -0x1p25f;
      logits[4 * t + 2] = firstHalf ? -0x1p25f : -0x1p24f;
    }
    CtcBatch batch =
        CtcBatch.of(FrameTensor.timeMajor(logits, frames, 1, 4), Targets.of(new int[][] {{1, 2}}));
    CtcResult got = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
    assertEquals(CtcStatus.OK, got.status(0));
    // one path is ahead of all others by 2^24 nats: 1 in the first half, 2 in the second
    assertEquals(frames * 0x1p24, got.loss(0), 1);
    for (int t = 0; t < frames; t++) {
      int label = t < frames / 2 ? 1 : 2;
      assertEquals(-1.0, got.gradient().get(t, 0, label));
      assertEquals(0.0, got.gradient().get(t, 0, 3 - label));
      assertEquals(1.0, got.gradient().get(t, 0, 3));
    }
    assertMatchesReference(batch, CtcOptions.DEFAULT, "a million frames");
  }
}
