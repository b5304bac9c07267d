package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Blank penalty and label priors: what is added to the log-probability of each class. */
public abstract class ClassOffsetsContract extends CtcContract {
  protected ClassOffsetsContract(TestedBackend backend) {
    super(backend);
  }

  /** Options with a penalty and priors, whose logarithms go down to −nats. */
  private CtcOptions drawn(CtcOptions options, int classes, double nats) {
    double[] logPriors = random.doubles(classes).map(x -> -nats * x).toArray();
    return options
        .withBlankPenalty(Math.max(-100, Math.min(nats / 5 * random.nextGaussian(), 100)))
        .withLabelPriors(LabelPriors.of(logPriors, 0.2 + 0.8 * random.nextDouble()));
  }

  private static double largest(CtcOptions options, int classes) {
    double largest = 0;
    for (double offset : options.offsets(classes)) {
      largest = Math.max(largest, Math.abs(offset));
    }
    return largest;
  }

  /** Losses may cancel: they are good to so much of what the sums are made of. */
  private double lossTolerance(CtcBatch batch, CtcOptions options, int n, double loss) {
    double ofOffsets = batch.inputLength(n) * largest(options, batch.logits().classes());
    return backend.lossTolerance() * (1e-3 + Math.abs(loss) + ofOffsets);
  }

  private void assertLoss(CtcBatch batch, CtcOptions options, int n, double expected, double got) {
    boolean same =
        Double.isFinite(expected)
            ? Math.abs(got - expected) <= lossTolerance(batch, options, n, expected)
            : Double.compare(expected, got) == 0;
    assertTrue(same, where("utterance %d: expected loss %s, got %s".formatted(n, expected, got)));
  }

  @Test
  @DisplayName("Loss, gradient and posteriors are those of the weighted sum over all paths")
  void bruteForce() {
    for (TestBatch tiny : tinyBatches(backend.draws(400))) {
      CtcOptions options = drawn(tiny.options(), tiny.classes(), 8);
      double[] offsets = options.offsets(tiny.classes());
      CtcBatch batch = tiny.batch();
      CtcResult got = ctc.lossAndGradient(batch, options);
      CtcResult posteriors = ctc.posteriors(batch, options);
      CtcResult states = ctc.statePosteriors(batch, options);
      for (int n = 0; n < tiny.utterances(); n++) {
        TestBatch one = tiny.alone(n);
        BruteForce expected =
            new BruteForce(one.logits()[0], one.targets()[0], one.blank(), offsets);
        assertLoss(batch, options, n, expected.loss(), got.loss(n));
        assertLoss(batch, options, n, expected.loss(), posteriors.loss(n));
        for (int t = 0; t < tiny.inputLengths()[n]; t++) {
          String frame = where("utterance %d, frame %d".formatted(n, t));
          double tolerance = backend.gradientTolerance();
          for (int c = 0; c < tiny.classes(); c++) {
            assertEquals(expected.gradient(t, c), got.gradient().get(t, n, c), tolerance, frame);
            double posterior = posteriors.posteriors().get(t, n, c);
            assertEquals(expected.posterior(t, c), posterior, tolerance, frame);
          }
          for (int s = 0; s <= 2 * one.targets()[0].length; s++) {
            double posterior = states.statePosteriors().get(t, n, s);
            assertEquals(expected.statePosterior(t, s), posterior, tolerance, frame);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("The gradient is that of the reduced loss: central differences")
  void centralDifferences(InputKind input) {
    TestBatch drawn = TestBatch.random(random, 30, 3, 6, 9, 2);
    FrameTensor logits = drawn.fill(FrameTensor.timeMajor(new double[30 * 3 * 6], 30, 3, 6));
    CtcOptions options =
        drawn(drawn.options().withInput(input).withReduction(Reduction.MEAN), 6, 6)
            .withZeroInfinity(true);
    FrameTensor p = softmax(logits, ElementType.FLOAT64);
    CtcBatch batch =
        drawn.batch(
            switch (input) {
              case LOG_PROBS -> logarithms(p);
              case PROBABILITIES -> p;
              case LOGITS, SCORES -> logits;
            });
    CtcResult got = ctc.lossAndGradient(batch, options);
    for (int trial = 0; trial < 60; trial++) {
      int t = random.nextInt(30);
      int n = random.nextInt(3);
      int c = random.nextInt(6);
      double unit = input == InputKind.PROBABILITIES ? batch.logits().get(t, n, c) : 1;
      assertEquals(
          GradientContract.centralDifference(batch, options, t, n, c) * unit,
          got.gradient().get(t, n, c) * unit,
          1e-7 + 10 * backend.gradientTolerance(),
          where("(t, n, c) = (%d, %d, %d)".formatted(t, n, c)));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,6", "3,6", "3,90", "40,6", "40,90", "700,20"})
  @DisplayName("Any batch, of any kind and type, is the reference's")
  void reference(double deviation, double nats) {
    for (InputKind input : InputKind.values()) {
      for (ElementType type : ElementType.values()) {
        boolean logProbs = input == InputKind.LOG_PROBS || input == InputKind.PROBABILITIES;
        if (logProbs && deviation > 3) {
          continue; // next to 0 and 1 alone
        }
        TestBatch drawn = TestBatch.random(random, 40, 5, 12, 15, deviation);
        FrameTensor logits = drawn.fill(drawn.timeMajor().zerosLike(type));
        FrameTensor p = softmax(logits, ElementType.FLOAT64);
        FrameTensor numbers =
            input == InputKind.LOG_PROBS
                ? copy(logarithms(p), type)
                : input == InputKind.PROBABILITIES ? copy(p, type) : logits;
        CtcBatch batch = drawn.batch(numbers);
        CtcOptions options = drawn(drawn.options().withInput(input), 12, nats);
        for (GradientKind kind : GradientKind.values()) {
          if (input == InputKind.SCORES && kind == GradientKind.LOGITS && deviation > 3) {
            continue; // e^x in the gradient; see LargeScoresContract
          }
          assertIsReference(batch, options.withGradientKind(kind), input + ", " + type);
        }
      }
    }
  }

  private static FrameTensor copy(FrameTensor from, ElementType type) {
    FrameTensor to = from.zerosLike(type);
    for (long i = 0; i < to.elements().length(); i++) {
      to.elements().set(i, from.elements().get(i));
    }
    return to;
  }

  private void assertIsReference(CtcBatch batch, CtcOptions options, String what) {
    CtcResult expected = reference(batch, options);
    CtcResult got = ctc.lossAndGradient(batch, options);
    CtcResult lossOnly = ctc.loss(batch, options);
    for (int n = 0; n < batch.utterances(); n++) {
      assertEquals(expected.status(n), got.status(n), where(what));
      assertLoss(batch, options, n, expected.loss(n), got.loss(n));
      assertLoss(batch, options, n, expected.loss(n), lossOnly.loss(n));
    }
    Agreement.assertGradient(
        expected.gradient()::get, got.gradient(), backend.gradientTolerance(), () -> where(what));
  }

  @Test
  @DisplayName("Frames that are all but certain keep the digits of their gradient")
  void certainFrames() {
    for (double sure : new double[] {5, 10, 15}) {
      TestBatch drawn = TestBatch.random(random, 25, 4, 8, 5, 1).withAllFrames();
      for (int n = 0; n < 4; n++) {
        for (int t = 0; t < 25; t++) { // the labels one after the other, and then blanks
          int[] target = drawn.targets()[n];
          boolean label = t % 2 == 1 && t / 2 < target.length;
          drawn.logits()[n][t][label ? target[t / 2] : drawn.blank()] += sure;
        }
      }
      CtcOptions options = drawn(drawn.options(), 8, 3);
      CtcResult expected = reference(drawn.batch(), options);
      CtcResult got = ctc.lossAndGradient(drawn.batch(), options);
      for (int n = 0; n < 4; n++) {
        Agreement.assertGradient(expected, got, n, 1e-7, () -> where("sure by " + sure));
      }
    }
  }

  @Test
  @DisplayName("Offsets of 0 give the same bits as none")
  void zero() {
    TestBatch drawn = TestBatch.random(random, 40, 5, 9, 12, 3);
    CtcResult expected = ctc.lossAndGradient(drawn.batch(), drawn.options());
    double[] logPriors = random.doubles(9).map(x -> -9 * x).toArray();
    CtcOptions noScale = drawn.options().withLabelPriors(LabelPriors.of(logPriors, 0));
    CtcOptions ones = drawn.options().withLabelPriors(LabelPriors.of(new double[9], 1));
    for (CtcOptions options : new CtcOptions[] {noScale, ones, ones.withBlankPenalty(-0.0)}) {
      CtcResult got = ctc.lossAndGradient(drawn.batch(), options);
      Agreement.assertSameBits(expected, got, () -> where(options.toString()));
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("The same offset for all classes takes it from the loss of each frame, no more")
  void uniform(InputKind input) {
    TestBatch drawn = TestBatch.random(random, 40, 5, 9, 12, 2);
    FrameTensor p = softmax(drawn.timeMajor(), ElementType.FLOAT64);
    CtcBatch batch =
        drawn.batch(
            switch (input) {
              case LOG_PROBS -> logarithms(p);
              case PROBABILITIES -> p;
              case LOGITS, SCORES -> drawn.timeMajor();
            });
    CtcOptions none = drawn.options().withInput(input);
    double offset = 1 + 50 * random.nextDouble();
    double[] logPriors = new double[9];
    Arrays.fill(logPriors, -offset);
    CtcOptions options = none.withLabelPriors(LabelPriors.of(logPriors, 1));
    CtcResult plain = ctc.lossAndGradient(batch, none);
    CtcResult got = ctc.lossAndGradient(batch, options);
    for (int n = 0; n < 5; n++) {
      double shifted = plain.loss(n) - drawn.inputLengths()[n] * offset;
      assertLoss(batch, options, n, shifted, got.loss(n));
      assertEquals(plain.status(n), got.status(n));
    }
    Agreement.assertGradient(
        plain.gradient()::get, got.gradient(), backend.gradientTolerance(), () -> where("uniform"));
  }

  @Test
  @DisplayName("Classes that are impossible stay so; utterances that are not finite, too")
  void impossible() {
    TestBatch drawn = TestBatch.random(random, 20, 6, 5, 4, 2).withAllFrames();
    for (int n = 0; n < 6; n++) {
      for (double[] row : drawn.logits()[n]) {
        row[n % 5] = n < 5 ? Double.NEGATIVE_INFINITY : row[0];
      }
    }
    drawn.logits()[5][7][2] = Double.NaN;
    CtcOptions options = drawn(drawn.options(), 5, 40);
    assertIsReference(drawn.batch(), options, "impossible");
    assertEquals(CtcStatus.NOT_FINITE, ctc.loss(drawn.batch(), options).status(5));
  }

  @Test
  @DisplayName("Without frames and labels the loss is 0; a target of labels does not fit")
  void noFrames() {
    FrameTensor logits = FrameTensor.timeMajor(new float[3 * 2 * 4], 3, 2, 4);
    Targets targets = Targets.of(new int[0], new int[] {1});
    CtcOptions options = drawn(CtcOptions.DEFAULT, 4, 9);
    CtcResult got = ctc.lossAndGradient(CtcBatch.of(logits, targets, new int[2]), options);
    assertEquals(0, got.loss(0));
    assertEquals(Double.POSITIVE_INFINITY, got.loss(1));
    assertEquals(CtcStatus.INFEASIBLE, got.status(1));
  }

  @Test
  @DisplayName("A penalty turns paths away from the blank, priors from classes that are frequent")
  void direction() {
    FrameTensor logits = FrameTensor.timeMajor(new float[6 * 3], 6, 1, 3);
    CtcBatch batch = CtcBatch.of(logits, Targets.of(new int[] {1, 2}));
    double plain = ctc.posteriors(batch, CtcOptions.DEFAULT).posteriors().get(0, 0, 0);
    CtcOptions penalty = CtcOptions.DEFAULT.withBlankPenalty(1);
    CtcOptions priors =
        CtcOptions.DEFAULT.withLabelPriors(LabelPriors.of(new double[] {-0.1, -3, -3}, 0.5));
    assertTrue(ctc.posteriors(batch, penalty).posteriors().get(0, 0, 0) < plain);
    assertTrue(ctc.posteriors(batch, priors).posteriors().get(0, 0, 0) < plain);
  }

  @Test
  @DisplayName("Little memory for the recursions changes nothing")
  void littleMemory() {
    TestBatch drawn = TestBatch.random(random, 900, 2, 30, 90, 2);
    CtcOptions options = drawn(drawn.options(), 30, 6);
    try (Ctc small = backend.engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      CtcResult got = small.lossAndGradient(drawn.batch(), options);
      CtcResult expected = reference(drawn.batch(), options);
      for (int n = 0; n < 2; n++) {
        assertLoss(drawn.batch(), options, n, expected.loss(n), got.loss(n));
      }
      Agreement.assertGradient(
          expected.gradient()::get,
          got.gradient(),
          backend.gradientTolerance(),
          () -> where("little memory"));
    }
  }

  @Test
  @DisplayName("Hidden states with a projection have what their logits have")
  void projected() {
    for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
      TestBatch drawn = TestBatch.random(random, 30, 4, 40, 9, 1);
      int dimensions = 7;
      FrameTensor hidden =
          FrameTensor.timeMajor(numbers(type, 30 * 4 * dimensions, 1.0), 30, 4, dimensions);
      Projection projection =
          Projection.of(numbers(type, 40 * dimensions, 1), numbers(type, 40, 1), 40, dimensions);
      ProjectedBatch batch =
          ProjectedBatch.of(hidden, projection, Targets.of(drawn.targets()), drawn.inputLengths());
      CtcOptions options = drawn(drawn.options(), 40, 8);
      ProjectedResult expected;
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        expected = reference.lossAndGradient(batch, options);
      }
      ProjectedResult got = ctc.lossAndGradient(batch, options);
      for (int n = 0; n < 4; n++) {
        assertEquals(expected.status(n), got.status(n), where("status"));
        assertLoss(drawn.batch(), options, n, expected.loss(n), got.loss(n));
      }
      Agreement.assertGradient(
          expected.hiddenGradient()::get,
          got.hiddenGradient(),
          backend.gradientTolerance(),
          () -> where("hidden"));
      assertAgree(expected.weightGradient(), got.weightGradient());
      assertAgree(expected.biasGradient(), got.biasGradient());
    }
  }

  private Elements numbers(ElementType type, int count, double deviation) {
    Elements numbers = Elements.allocate(type, count);
    for (int i = 0; i < count; i++) {
      numbers.set(i, deviation * random.nextGaussian());
    }
    return numbers;
  }

  private void assertAgree(Elements expected, Elements got) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < got.length(); i++) {
      error = Math.hypot(error, got.get(i) - expected.get(i));
      norm = Math.hypot(norm, expected.get(i));
    }
    assertTrue(
        error <= backend.gradientTolerance() * norm, where("error " + error + " of " + norm));
  }
}
