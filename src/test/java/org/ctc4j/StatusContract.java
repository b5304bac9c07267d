package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets that cannot be, numbers that are none, input that is refused. */
public abstract class StatusContract extends CtcContract {
  protected StatusContract(TestedBackend backend) {
    super(backend);
  }

  private void assertRefused(InputKind input, String message, CtcBatch batch) {
    CtcOptions options = CtcOptions.DEFAULT.withInput(input);
    CtcResult result = ctc.lossAndGradient(batch, options.withInput(InputKind.SCORES));
    unwritten(result.gradient());
    double before = result.loss(0);
    InvalidInputException refusal =
        assertThrows(
            InvalidInputException.class, () -> ctc.compute(batch, options, result), where(message));
    assertEquals(message, refusal.getMessage());
    assertEquals(before, result.loss(0), "nothing may be written");
    assertTrue(Double.isNaN(result.gradient().get(0, 0, 0)), "nothing may be written");
    assertThrows(InvalidInputException.class, () -> ctc.loss(batch, options));
    assertThrows(InvalidInputException.class, () -> ctc.posteriors(batch, options));
  }

  @Test
  @DisplayName("Logits and probabilities that are said to be log-probabilities are refused")
  void notLogProbs() {
    for (ElementType type : ElementType.values()) {
      FrameTensor tensor = FrameTensor.timeMajor(Elements.allocate(type, 20 * 4 * 3), 20, 4, 3);
      Targets targets = Targets.of(new int[] {1}, new int[] {2}, new int[0], new int[] {1, 1});
      for (int n = 0; n < 4; n++) {
        for (int t = 0; t < 20; t++) {
          for (int c = 0; c < 3; c++) {
            tensor.set(t, n, c, c == 0 ? Math.log(0.5) : Math.log(0.25));
          }
        }
      }
      CtcBatch batch = CtcBatch.of(tensor, targets, new int[] {20, 19, 18, 18});
      CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
      assertEquals(CtcStatus.OK, ctc.loss(batch, options).status(3), where("before"));
      tensor.set(18, 3, 2, 2.5); // beyond its input length
      assertEquals(CtcStatus.OK, ctc.loss(batch, options).status(3), where("unused frame"));
      tensor.set(17, 3, 2, 2.5);
      assertRefused(
          InputKind.LOG_PROBS,
          "logits: utterance 3, frame 17: class 2 has log-probability 2.5, expected at most 0; are"
              + " these logits? input LOGITS takes them, SCORES takes scores that need not sum to 1",
          batch);
      tensor.set(3, 1, 0, 0);
      tensor.set(3, 1, 1, 0);
      tensor.set(3, 1, 2, 0);
      assertRefused(
          InputKind.LOG_PROBS,
          "logits: utterance 1, frame 3: probabilities sum to 3.000, expected 1; give natural"
              + " logarithms for all classes; input LOGITS takes logits, SCORES takes scores that"
              + " need not sum to 1",
          batch);
      tensor.set(2, 1, 0, 0.125);
      tensor.set(2, 1, 1, 0.75);
      tensor.set(2, 1, 2, 0.125);
      assertRefused(
          InputKind.LOG_PROBS,
          "logits: utterance 1, frame 2: class 1 has log-probability 0.75, expected at most 0; are"
              + " these probabilities? input PROBABILITIES takes them",
          batch);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("What is said to be probabilities and cannot be is refused")
  void notProbabilities(ElementType type) {
    FrameTensor tensor = FrameTensor.timeMajor(Elements.allocate(type, 20 * 3 * 3), 20, 3, 3);
    Targets targets = Targets.of(new int[] {1}, new int[] {2}, new int[] {1, 1});
    for (int n = 0; n < 3; n++) {
      for (int t = 0; t < 20; t++) {
        for (int c = 0; c < 3; c++) {
          tensor.set(t, n, c, c == 0 ? 0.5 : 0.25);
        }
      }
    }
    CtcBatch batch = CtcBatch.of(tensor, targets, new int[] {20, 19, 18});
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
    tensor.set(18, 2, 2, 2.5); // beyond its input length
    assertEquals(CtcStatus.OK, ctc.loss(batch, options).status(2), where("unused frame"));
    tensor.set(17, 2, 2, 2.5);
    assertRefused(
        InputKind.PROBABILITIES,
        "logits: utterance 2, frame 17: class 2 has probability 2.5, expected a number in [0, 1];"
            + " are these logits? input LOGITS takes them",
        batch);
    tensor.set(3, 1, 2, 0);
    assertRefused(
        InputKind.PROBABILITIES,
        "logits: utterance 1, frame 3: probabilities sum to 0.7500, expected 1; give those of all"
            + " classes; input LOGITS takes logits, SCORES takes logarithms of weights that need"
            + " not sum to 1",
        batch);
    tensor.set(2, 1, 1, -0.25);
    tensor.set(2, 1, 2, 0.75);
    assertRefused(
        InputKind.PROBABILITIES,
        "logits: utterance 1, frame 2: class 1 has probability -0.25, expected a number in [0, 1];"
            + " are these logits? input LOGITS takes them",
        batch);
    for (int c = 0; c < 3; c++) {
      tensor.set(1, 1, c, c == 0 ? -0.125 : -2.75);
    }
    assertRefused(
        InputKind.PROBABILITIES,
        "logits: utterance 1, frame 1: class 1 has probability -2.75, expected a number in [0, 1];"
            + " are these log-probabilities? input LOG_PROBS takes them",
        batch);
  }

  @Test
  @DisplayName("NaN, +Infinity and frames of 0 among probabilities mean what their logarithms do")
  void notFiniteProbabilities() {
    double[] numbers = {1, 0, 1, 0, 0, 0, 0, Double.POSITIVE_INFINITY, Double.NaN, 5, 1, -1e-6};
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.batchMajor(numbers, 1, 6, 2),
            Targets.of(new int[0], new int[] {1}, new int[0], new int[0], new int[0], new int[0]));
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
    CtcResult got = ctc.lossAndGradient(batch, options);
    CtcStatus[] expected = {
      CtcStatus.OK,
      CtcStatus.INFEASIBLE,
      CtcStatus.INFEASIBLE,
      CtcStatus.NOT_FINITE,
      CtcStatus.NOT_FINITE,
      CtcStatus.OK
    };
    for (int n = 0; n < 6; n++) {
      assertEquals(expected[n], got.status(n), where("utterance " + n));
      boolean ok = expected[n] == CtcStatus.OK;
      assertEquals(ok ? -1 : 0, got.gradient().get(0, n, 0), 1e-6, where("utterance " + n));
      assertEquals(0, got.gradient().get(0, n, 1), where("utterance " + n));
    }
    assertEquals(0, got.loss(0), 1e-12);
    assertEquals(0, got.loss(5), 1e-5);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A softmax of thousands of classes that was rounded passes, sums a thousandth off")
  void roundedSoftmax(ElementType type) {
    TestBatch drawn = TestBatch.random(random, 40, 1, 6625, 8, 4);
    for (double[] row : drawn.logits()[0]) { // else float16 has 0 for them
      row[drawn.blank()] = 12;
      Arrays.stream(drawn.targets()[0]).forEach(label -> row[label] = 10);
    }
    FrameTensor p = softmax(drawn.timeMajor(), type);
    if (type == ElementType.FLOAT32) { // what a model in half precision gives through float32
      FrameTensor half = softmax(drawn.timeMajor(), ElementType.FLOAT16);
      for (int i = 0; i < 40 * 6625; i++) {
        p.elements().set(i, half.elements().get(i));
      }
    }
    double most = 0;
    for (int t = 0; t < 40; t++) {
      double sum = 0;
      for (int c = 0; c < 6625; c++) {
        sum += p.get(t, 0, c);
      }
      most = Math.max(most, Math.abs(sum - 1));
    }
    assertTrue(type == ElementType.FLOAT64 || most > 1e-5, where("sums are off by " + most));
    CtcOptions options = drawn.options().withInput(InputKind.PROBABILITIES);
    assertMatchesReference(drawn.batch(p), options, type + " softmax");
    assertEquals(CtcStatus.OK, ctc.loss(drawn.batch(p), options).status(0));
  }

  @Test
  @DisplayName("NaN and infinities among log-probabilities keep their meaning")
  void notFiniteLogProbs() {
    double inf = Double.POSITIVE_INFINITY;
    double[] numbers = {0, -inf, 0, -inf, -inf, -inf, -inf, inf, Double.NaN, 5};
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.batchMajor(numbers, 1, 5, 2),
            Targets.of(new int[0], new int[] {1}, new int[0], new int[0], new int[0]));
    CtcResult got = ctc.loss(batch, CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS));
    CtcStatus[] expected = {
      CtcStatus.OK,
      CtcStatus.INFEASIBLE,
      CtcStatus.INFEASIBLE,
      CtcStatus.NOT_FINITE,
      CtcStatus.NOT_FINITE
    };
    for (int n = 0; n < 5; n++) {
      assertEquals(expected[n], got.status(n), where("utterance " + n));
    }
  }

  @Test
  @DisplayName("Frames t ≥ input_length are never read and their gradient is exactly 0")
  void unusedFrames() {
    TestBatch batch = TestBatch.random(random, 20, 4, 5, 4, 2);
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    for (int n = 0; n < 4; n++) {
      for (int t = batch.inputLengths()[n]; t < 20; t++) {
        Arrays.fill(batch.logits()[n][t], t % 2 == 0 ? Double.NaN : Double.POSITIVE_INFINITY);
      }
    }
    FrameTensor stale = FrameTensor.timeMajor(new float[20 * 4 * 5], 20, 4, 5);
    for (int i = 0; i < 20 * 4 * 5; i++) {
      stale.elements().set(i, Double.NaN); // whatever is not written would show
    }
    CtcResult got = CtcResult.ofGradient(stale);
    ctc.compute(batch.batch(), batch.options(), got);
    for (int n = 0; n < 4; n++) {
      assertEquals(expected.loss(n), got.loss(n));
      for (int t = 0; t < 20; t++) {
        for (int c = 0; c < 5; c++) {
          double g = got.gradient().get(t, n, c);
          if (t >= batch.inputLengths()[n]) {
            assertEquals(0.0, g, where("unused frame"));
          } else {
            assertEquals((float) expected.gradient().get(t, n, c), g);
          }
        }
      }
    }
  }

  @Test
  @DisplayName("No frames and no labels: 0; no frames but labels: +Infinity")
  void noFrames() {
    int[][] targets = {{}, {1}};
    for (FrameTensor logits :
        new FrameTensor[] {
          FrameTensor.timeMajor(new float[0], 0, 2, 3),
          FrameTensor.timeMajor(new float[] {1, 2, 3, 4, 5, 6}, 1, 2, 3)
        }) {
      CtcBatch batch = CtcBatch.of(logits, Targets.of(targets), new int[2]);
      CtcResult got = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
      assertEquals(0.0, got.loss(0));
      assertEquals(CtcStatus.OK, got.status(0));
      assertEquals(Double.POSITIVE_INFINITY, got.loss(1));
      assertEquals(CtcStatus.INFEASIBLE, got.status(1));
      for (int t = 0; t < logits.frames(); t++) {
        for (int c = 0; c < 3; c++) {
          assertEquals(0.0, got.gradient().get(t, 0, c));
          assertEquals(0.0, got.gradient().get(t, 1, c));
        }
      }
    }
  }

  @Test
  @DisplayName("Target that cannot fit: +Infinity, gradient 0; zeroInfinity makes the loss 0 too")
  void infeasible() {
    // labels plus repeats = 5: five frames fit, four don't; the third utterance is ordinary
    int[][] targets = {{1, 1, 2, 1}, {1, 1, 2, 1}, {2}};
    TestBatch drawn = TestBatch.random(random, 5, 3, 3, 0, 1);
    TestBatch batch = new TestBatch(drawn.logits(), targets, new int[] {5, 4, 5}, 3, 0);
    CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
    assertEquals(CtcStatus.OK, got.status(0));
    assertTrue(Double.isFinite(got.loss(0)));
    assertEquals(CtcStatus.INFEASIBLE, got.status(1));
    assertEquals(Double.POSITIVE_INFINITY, got.loss(1));
    assertEquals(Double.POSITIVE_INFINITY, got.loss());
    CtcResult zeroed = ctc.lossAndGradient(batch.batch(), batch.options().withZeroInfinity(true));
    assertEquals(0.0, zeroed.loss(1));
    assertEquals(CtcStatus.INFEASIBLE, zeroed.status(1));
    assertEquals(zeroed.loss(0) + zeroed.loss(2), zeroed.loss(), 1e-12);
    for (int t = 0; t < 5; t++) {
      for (int c = 0; c < 3; c++) {
        assertEquals(0.0, got.gradient().get(t, 1, c));
        assertEquals(0.0, zeroed.gradient().get(t, 1, c));
      }
    }
    assertMatchesReference(batch.batch(), batch.options(), "infeasible");
  }

  @Test
  @DisplayName("N = 0: no losses, reduced loss 0, no error")
  void emptyBatch() {
    for (int frames : new int[] {0, 7}) {
      FrameTensor logits = FrameTensor.batchMajor(new float[0], frames, 0, 4);
      CtcBatch batch = CtcBatch.of(logits, Targets.of());
      for (Reduction reduction : Reduction.values()) {
        CtcResult got = ctc.lossAndGradient(batch, CtcOptions.DEFAULT.withReduction(reduction));
        assertEquals(0, got.losses().length);
        assertEquals(0.0, got.loss());
      }
    }
  }

  @Test
  @DisplayName("−Infinity logits are probability 0")
  void minusInfinity() {
    for (int i = 0; i < backend.draws(20); i++) {
      TestBatch batch = TestBatch.random(random, 8, 30, 4, 3, 2);
      for (double[][] utterance : batch.logits()) {
        for (double[] row : utterance) {
          for (int c = 0; c < 4; c++) {
            if (random.nextInt(4) == 0) {
              row[c] = Double.NEGATIVE_INFINITY;
            }
          }
        }
      }
      assertMatchesReference(batch.batch(), batch.options(), "−Infinity, batch " + i);
      CtcOptions scores = batch.options().withInput(InputKind.SCORES);
      assertMatchesReference(batch.batch(), scores, "−Infinity scores, batch " + i);
    }
  }

  @Test
  @DisplayName("A frame of nothing but −Infinity leaves no path")
  void impossibleFrame() {
    TestBatch batch = TestBatch.random(random, 6, 2, 4, 2, 1);
    Arrays.fill(batch.logits()[0][3], Double.NEGATIVE_INFINITY);
    CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
    assertEquals(CtcStatus.INFEASIBLE, got.status(0));
    assertMatchesReference(batch.batch(), batch.options(), "impossible frame");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("A label more than 2^26 nats under its frame's log-sum-exp counts as probability 0")
  void impossibleLabel(boolean logProbs) {
    CtcOptions options =
        CtcOptions.DEFAULT.withInput(logProbs ? InputKind.LOG_PROBS : InputKind.LOGITS);
    double[] depths = {1e30, 0x1.2p26, 0x1p26, 0x1p20, 1e5};
    for (double depth : depths) {
      // the target needs class 1 in one of two frames; the blank is certain
      double[][][] logits = {{{0, -depth, -1e30}, {0, -depth, -1e30}}};
      TestBatch batch = new TestBatch(logits, new int[][] {{1}}, new int[] {2}, 3, 0);
      FrameTensor doubles = batch.fill(FrameTensor.timeMajor(new double[6], 2, 1, 3));
      CtcResult got = ctc.lossAndGradient(batch.batch(doubles), options);
      if (depth > 0x1p26) {
        assertEquals(Double.POSITIVE_INFINITY, got.loss(0), where("depth " + depth));
        assertEquals(CtcStatus.INFEASIBLE, got.status(0));
      } else {
        Agreement.assertLoss(
            depth - Math.log(2),
            got.loss(0),
            backend.lossTolerance(),
            () -> where("depth " + depth));
      }
      assertMatchesReference(batch.batch(doubles), options, "depth " + depth);
      assertMatchesReference(batch.batch(), options, "float32, depth " + depth);
    }
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity"})
  @DisplayName("NaN or +Infinity in a used frame: that utterance alone gets loss NaN, gradient 0")
  void notFinite(double poison) {
    for (int c = 0; c < 5; c++) {
      TestBatch batch = TestBatch.random(random, 10, 3, 5, 4, 2);
      batch.inputLengths()[1] = 10;
      CtcResult before = ctc.lossAndGradient(batch.batch(), batch.options());
      batch.logits()[1][random.nextInt(10)][c] = poison;
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      assertEquals(CtcStatus.NOT_FINITE, got.status(1));
      assertTrue(Double.isNaN(got.loss(1)));
      assertTrue(Double.isNaN(got.loss()));
      for (int n = 0; n < 3; n++) {
        for (int t = 0; t < 10; t++) {
          for (int k = 0; k < 5; k++) {
            double expected = n == 1 ? 0 : before.gradient().get(t, n, k);
            assertEquals(expected, got.gradient().get(t, n, k));
          }
        }
      }
      assertEquals(before.loss(0), got.loss(0));
      assertEquals(before.status(2), got.status(2));
    }
  }

  @Test
  @DisplayName("NOT_FINITE is told before INFEASIBLE")
  void notFiniteAndInfeasible() {
    TestBatch drawn = TestBatch.random(random, 2, 1, 3, 0, 1);
    TestBatch batch = new TestBatch(drawn.logits(), new int[][] {{1, 1, 1}}, new int[] {2}, 3, 0);
    batch.logits()[0][1][2] = Double.NaN;
    CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options().withZeroInfinity(true));
    assertEquals(CtcStatus.NOT_FINITE, got.status(0));
    assertTrue(Double.isNaN(got.loss(0)));
  }
}
