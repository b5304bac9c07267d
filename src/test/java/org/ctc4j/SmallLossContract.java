package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where the model is sure of the target: losses near 0 and gradients that vanish keep their digits.
 */
public abstract class SmallLossContract extends CtcContract {
  protected SmallLossContract(TestedBackend backend) {
    super(backend);
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 0", "40, 5, 12", "90, 300, 20", "700, 40, 300", "30, 5000, 7"})
  @DisplayName("A loss near 0 keeps its digits where the model is sure of the target")
  void nearlyCertain(int frames, int classes, int labels) {
    for (double margin : backend.certainties(frames, labels, 9, 14, 25)) {
      TestBatch drawn = TestBatch.random(random, frames, 3, classes, 0, 1);
      int[][] targets = new int[3][];
      for (int n = 0; n < 3; n++) {
        targets[n] = TestBatch.randomTarget(random, labels, classes, drawn.blank());
        for (int t = 0; t < frames; t++) {
          int label = t % 2 == 1 && t / 2 < labels ? targets[n][t / 2] : drawn.blank();
          double[] row = drawn.logits()[n][t];
          row[label] += margin + Math.log(classes);
          if (n == 2 && t % 4 == 2 && t / 2 <= labels) {
            // as probable as the blank: the label before lasts longer, which is the same target
            row[targets[n][t / 2 - 1]] = row[label] + 0.25;
          }
        }
      }
      int[] lengths = {frames, frames, frames};
      TestBatch batch = new TestBatch(drawn.logits(), targets, lengths, classes, drawn.blank());
      CtcResult expected = reference(batch.batch(), batch.options());
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      CtcResult lossOnly = ctc.loss(batch.batch(), batch.options());
      for (int n = 0; n < 3; n++) {
        double loss = expected.loss(n);
        String what = where("margin %s, utterance %d".formatted(margin, n));
        Agreement.assertLoss(loss, got.loss(n), backend.lossTolerance(), () -> what);
        Agreement.assertLoss(loss, lossOnly.loss(n), backend.lossTolerance(), () -> what);
      }
    }
  }

  @ParameterizedTest(name = "{0} frames, {1} classes, {2} labels")
  @CsvSource({"30, 5000, 6", "60, 20, 12", "200, 9, 45"})
  @DisplayName("A gradient that vanishes keeps its digits where the model is sure of the target")
  void vanishingGradient(int frames, int classes, int labels) {
    NearlyCertain.check(ctc, frames, classes, labels);
    try (Ctc frugal = backend.engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      NearlyCertain.check(frugal, frames, classes, labels);
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("Loss and gradient keep their digits and signs down to the smallest double")
  void nearlyCertain(ElementType type) {
    double largest = 0;
    for (NearlyCertainCase one : NearlyCertainCase.all()) {
      if (one.isExact(type) && backend.isPromised(one, type)) {
        largest = Math.max(largest, one.margin());
        FrameTensor gradient =
            FrameTensor.timeMajor(
                new double[one.frames() * one.classes()], one.frames(), 1, one.classes());
        CtcResult got = CtcResult.ofGradient(gradient);
        ctc.compute(one.batch(one.logits(), type), one.options(), got);
        NearlyCertain.check(one, got, backend.lossTolerance(), backend.gradientTolerance());
      }
    }
    assertEquals(700, largest, "the largest margin of those that " + type + " has exactly");
  }

  @Test
  @DisplayName("No loss is below 0, and all have the digits of the reference's")
  void nearlyCertainAtRandom() {
    int utterances = 250;
    int all = Integer.getInteger("ctc4j.certain", backend.draws(10_000));
    for (int i = 0; i < all; i += utterances) {
      TestBatch batch = NearlyCertain.random(random, utterances);
      CtcResult expected = reference(batch.batch(), batch.options());
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int n = 0; n < utterances; n++) {
        String what = where("batch %d, utterance %d".formatted(i / utterances, n));
        double loss = got.loss(n);
        assertTrue(Double.doubleToRawLongBits(loss) >= 0, () -> what + ": loss " + loss);
        Agreement.assertLoss(expected.loss(n), loss, backend.lossTolerance(), () -> what);
        Agreement.assertGradient(expected, got, n, 16 * Float.MIN_VALUE, () -> what);
      }
    }
  }

  @ParameterizedTest(name = "{0} frames")
  @ValueSource(ints = {1, 12})
  @DisplayName("Nor do differences of logits that float32 rounds take digits from a small loss")
  void nearlyCertainOfRoundedDifferences(int frames) {
    int utterances = 300;
    double halfway = 0.49 * Math.ulp(16f); // so far float32 rounds numbers from 16 to 32
    double[][][] logits = new double[utterances][frames][4];
    int[][] targets = new int[utterances][];
    int[] lengths = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      int best = n % 2; // the blank or the only label
      targets[n] = n % 2 == 0 ? new int[] {} : new int[] {1};
      lengths[n] = frames;
      for (double[] row : logits[n]) {
        Arrays.fill(row, n % 4 < 2 ? halfway : -halfway);
        row[best] = (float) (16 + 4.0 * n / utterances);
      }
    }
    TestBatch batch = new TestBatch(logits, targets, lengths, 4, 0);
    CtcResult expected = reference(batch.batch(), batch.options());
    CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
    for (int n = 0; n < utterances; n++) {
      String what = where("utterance " + n);
      Agreement.assertLoss(expected.loss(n), got.loss(n), backend.lossTolerance(), () -> what);
      Agreement.assertGradient(expected, got, n, 16 * Float.MIN_VALUE, () -> what);
    }
  }

  @Test
  @DisplayName("So they do of log-probabilities, and rounding of these never takes a loss below 0")
  void nearlyCertainLogProbs() {
    for (NearlyCertainCase one : NearlyCertainCase.all()) {
      CtcOptions options = one.options().withInput(InputKind.LOG_PROBS);
      CtcOptions asLogits = options.withGradientKind(GradientKind.LOGITS);
      if (backend.isPromised(one, ElementType.FLOAT64)) {
        CtcBatch batch = one.batch(one.logProbs(), ElementType.FLOAT64);
        CtcResult got = ctc.lossAndGradient(batch, asLogits);
        NearlyCertain.check(
            one,
            got,
            Math.max(1e-9, backend.lossTolerance()),
            Math.max(1e-9, backend.gradientTolerance()));
        for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT16}) {
          double loss = ctc.loss(one.batch(one.logProbs(), type), options).loss(0);
          assertTrue(Double.doubleToRawLongBits(loss) >= 0, () -> where(one + ": loss " + loss));
        }
      }
    }
  }

  @Test
  @DisplayName("Scores may have e^1000 paths and a loss near 0")
  void pathsThatCancel() {
    int frames = 1200;
    int[] target = new int[300];
    for (int i = 0; i < target.length; i++) {
      target[i] = 1 + i % 3;
    }
    float[] numbers = new float[frames * 4];
    CtcBatch batch =
        CtcBatch.of(FrameTensor.timeMajor(numbers, frames, 1, 4), Targets.of(new int[][] {target}));
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.SCORES);
    double paths = -reference(batch, options).loss(0);
    assertTrue(paths > 900, "ln of the number of paths: " + paths);
    float score = (float) (-paths / frames);
    Arrays.fill(numbers, score);
    double rounding = reference(batch, options).loss(0);
    Arrays.fill(numbers, 0, 4, (float) (score + rounding)); // of the first frame
    double expected = reference(batch, options).loss(0);
    assertEquals(0, expected, 1e-6);
    assertEquals(
        expected, ctc.loss(batch, options).loss(0), backend.lossTolerance() * paths, where("loss"));
  }

  @Test
  @DisplayName("The sums of scores are never evened out: a loss next to 0 is that of the numbers")
  void scoresNextToZero() {
    for (ElementType type : ElementType.values()) {
      // one class beside the blank has all but e^-30; the sums are off as rounding's would be
      for (double off : new double[] {-0x1p-8, 0x1p-8}) {
        FrameTensor tensor = FrameTensor.timeMajor(Elements.allocate(type, 8), 4, 1, 2);
        for (int t = 0; t < 4; t++) {
          tensor.set(t, 0, 0, -30);
          tensor.set(t, 0, 1, off);
        }
        CtcBatch batch = CtcBatch.of(tensor, Targets.of(new int[] {1}));
        double loss = ctc.loss(batch, CtcOptions.DEFAULT.withInput(InputKind.SCORES)).loss(0);
        assertEquals(-4 * off, loss, 1e-6 * 4 * Math.abs(off), where(type + ", " + off));
      }
    }
  }
}
