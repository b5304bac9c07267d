package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ctc4j.cpu.HostileBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every backend owes its users. Each test is named after the sentence that it holds the
 * backend to. A subclass supplies the engine and the accuracy that it promises.
 */
public abstract class CtcContract {
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private Ctc ctc;

  /** A new engine of the backend under test; fails if another implementation would be picked. */
  protected abstract Ctc engine(EngineOptions options);

  /** How many batches are drawn where others draw {@code usual}. */
  protected int repeats(int usual) {
    return usual;
  }

  /** How many frames "many" are; fewer than 10^6 only where that would take minutes. */
  protected int manyFrames() {
    return 1_000_000;
  }

  /** Promised relative error of a loss. */
  protected abstract double lossTolerance();

  /** Smaller losses, in nats, are held to an absolute error: as if they were as large as this. */
  protected double leastLoss() {
    return 1e-3;
  }

  private double lossTolerance(double expected) {
    return lossTolerance() * Math.max(1, leastLoss() / Math.max(Math.abs(expected), 1e-3));
  }

  /** Promised error of a gradient, as a norm ratio. */
  protected abstract double gradientTolerance();

  @BeforeEach
  void open() {
    ctc = engine(EngineOptions.DEFAULT);
  }

  @AfterEach
  void close() {
    ctc.close();
  }

  private String where(String what) {
    return "%s (%s, replay with -Dctc4j.seed=%d)".formatted(what, ctc.device(), seed);
  }

  private void assertMatchesReference(CtcBatch batch, CtcOptions options, String what) {
    CtcResult got = ctc.lossAndGradient(batch, options);
    assertMatches(reference(batch, options), got, what);
    CtcResult lossOnly = ctc.loss(batch, options);
    for (int n = 0; n < batch.utterances(); n++) {
      String utterance = where(what + ", loss only, utterance " + n);
      Agreement.assertLoss(
          got.loss(n), lossOnly.loss(n), lossTolerance(got.loss(n)), () -> utterance);
      assertEquals(got.status(n), lossOnly.status(n), utterance);
    }
  }

  private void assertMatches(CtcResult expected, CtcResult got, String what) {
    for (int n = 0; n < got.utterances(); n++) {
      String utterance = where(what + ", utterance " + n);
      Agreement.assertLoss(
          expected.loss(n), got.loss(n), lossTolerance(expected.loss(n)), () -> utterance);
      assertEquals(expected.status(n), got.status(n), utterance);
    }
    double size =
        leastLoss(); // losses of log-probabilities that are not normalised can cancel in the sum
    for (double loss : expected.losses()) {
      size += Double.isFinite(loss) ? Math.abs(loss) : 0;
    }
    assertEquals(expected.loss(), got.loss(), lossTolerance() * size, where(what));
    Agreement.assertGradient(
        expected.gradient()::get, got.gradient(), gradientTolerance(), () -> where(what));
  }

  private static CtcResult reference(CtcBatch batch, CtcOptions options) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      return reference.lossAndGradient(batch, options);
    }
  }

  // ---- the definition ----

  @Test
  @DisplayName("The loss is −log of the sum over all paths that collapse to the target")
  void bruteForce() {
    for (int i = 0; i < repeats(4000); i++) {
      int classes = 1 + random.nextInt(4);
      int frames = random.nextInt(classes > 2 ? 7 : 9);
      TestBatch batch =
          TestBatch.random(random, frames, 3, classes, 3, 0.1 + 3 * random.nextDouble());
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int n = 0; n < batch.utterances(); n++) {
        double[][] used = Arrays.copyOf(batch.logits()[n], batch.inputLengths()[n]);
        BruteForce expected = new BruteForce(used, batch.targets()[n], batch.blank());
        String what = where("batch " + i + ", utterance " + n);
        // a sum of paths near 1 has the digits of 1
        double digits = expected.loss() > 0 ? 1e-15 / expected.loss() : 0;
        Agreement.assertLoss(
            expected.loss(), got.loss(n), lossTolerance(expected.loss()) + digits, () -> what);
        int frame = n;
        for (int t = 0; t < frames; t++) {
          for (int c = 0; c < classes; c++) {
            double gradient = t < used.length ? expected.gradient(t, c) : 0;
            double difference = got.gradient().get(t, frame, c) - gradient;
            assertTrue(
                Math.abs(difference) <= 4 * gradientTolerance(),
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
    for (double deviation : new double[] {0.1, 3, 50}) {
      TestBatch batch = TestBatch.random(random, frames, utterances, classes, labels, deviation);
      batch.targets()[0] = TestBatch.randomTarget(random, labels, classes, batch.blank());
      assertMatchesReference(batch.batch(), batch.options(), "deviation " + deviation);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 0", "40, 5, 12", "90, 300, 20", "700, 40, 300", "30, 5000, 7"})
  @DisplayName("A loss near 0 keeps its digits where the model is sure of the target")
  void nearlyCertain(int frames, int classes, int labels) {
    for (double margin : new double[] {9, 14, 25}) {
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
        Agreement.assertLoss(loss, got.loss(n), lossTolerance(loss), () -> what);
        Agreement.assertLoss(loss, lossOnly.loss(n), lossTolerance(loss), () -> what);
      }
    }
  }

  @ParameterizedTest(name = "{0} frames, {1} classes, {2} labels")
  @CsvSource({"30, 5000, 6", "60, 20, 12", "200, 9, 45"})
  @DisplayName("A gradient that vanishes keeps its digits where the model is sure of the target")
  void vanishingGradient(int frames, int classes, int labels) {
    NearlyCertain.check(ctc, frames, classes, labels);
    try (Ctc frugal = engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      NearlyCertain.check(frugal, frames, classes, labels);
    }
  }

  @Test
  @DisplayName("The bits of a nearly certain utterance depend neither on memory nor on company")
  void nearlyCertainInCompany() {
    try (Ctc frugal = engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
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

  /** Cases of the table that are as certain as the backend's digits go. */
  protected boolean isPromised(NearlyCertainCase one) {
    return true;
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("Loss and gradient keep their digits and signs down to the smallest double")
  void nearlyCertain(ElementType type) {
    double largest = 0;
    for (NearlyCertainCase one : NearlyCertainCase.all()) {
      if (one.isExact(type) && isPromised(one)) {
        largest = Math.max(largest, one.margin());
        FrameTensor gradient =
            FrameTensor.timeMajor(
                new double[one.frames() * one.classes()], one.frames(), 1, one.classes());
        CtcResult got = CtcResult.ofGradient(gradient);
        ctc.compute(one.batch(one.logits(), type), one.options(), got);
        NearlyCertain.check(one, got, lossTolerance(), gradientTolerance());
      }
    }
    assertEquals(700, largest, "the largest margin of those that " + type + " has exactly");
  }

  /** How many nearly certain utterances are drawn; -Dctc4j.certain=1000000 for a long look. */
  protected int certainUtterances() {
    return 10_000;
  }

  @Test
  @DisplayName("No loss is below 0, and all have the digits of the reference's")
  void nearlyCertainAtRandom() {
    int utterances = 250;
    int all = Integer.getInteger("ctc4j.certain", repeats(certainUtterances()));
    for (int i = 0; i < all; i += utterances) {
      TestBatch batch = NearlyCertain.random(random, utterances);
      CtcResult expected = reference(batch.batch(), batch.options());
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      for (int n = 0; n < utterances; n++) {
        String what = where("batch %d, utterance %d".formatted(i / utterances, n));
        double loss = got.loss(n);
        assertTrue(Double.doubleToRawLongBits(loss) >= 0, () -> what + ": loss " + loss);
        Agreement.assertLoss(expected.loss(n), loss, lossTolerance(), () -> what);
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
      Agreement.assertLoss(expected.loss(n), got.loss(n), lossTolerance(), () -> what);
      Agreement.assertGradient(expected, got, n, 16 * Float.MIN_VALUE, () -> what);
    }
  }

  @Test
  @DisplayName("So they do of log-probabilities, and rounding of these never takes a loss below 0")
  void nearlyCertainLogProbs() {
    for (NearlyCertainCase one : NearlyCertainCase.all()) {
      CtcOptions options = one.options().withInput(InputKind.LOG_PROBS);
      CtcOptions asLogits = options.withGradientKind(GradientKind.LOGITS);
      if (isPromised(one)) {
        CtcBatch batch = one.batch(one.logProbs(), ElementType.FLOAT64);
        CtcResult got = ctc.lossAndGradient(batch, asLogits);
        NearlyCertain.check(
            one, got, Math.max(1e-9, lossTolerance()), Math.max(1e-9, gradientTolerance()));
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
    int[] target = new int[300];
    for (int i = 0; i < target.length; i++) {
      target[i] = 1 + i % 3;
    }
    float[] numbers = new float[1200 * 4];
    CtcBatch batch =
        CtcBatch.of(FrameTensor.timeMajor(numbers, 1200, 1, 4), Targets.of(new int[][] {target}));
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.SCORES);
    double paths = -reference(batch, options).loss(0);
    assertTrue(paths > 900, "ln of the number of paths: " + paths);
    Arrays.fill(numbers, (float) (-paths / 1200));
    double expected = reference(batch, options).loss(0);
    assertEquals(
        expected, ctc.loss(batch, options).loss(0), lossTolerance() * paths, where("loss"));
  }

  // ---- inputs ----

  @Test
  @DisplayName("Any blank index in [0, C)")
  void anyBlank() {
    for (int blank = 0; blank < 5; blank++) {
      TestBatch drawn = TestBatch.random(random, 20, 3, 5, 0, 2);
      int[][] targets = new int[3][];
      for (int n = 0; n < 3; n++) {
        targets[n] = TestBatch.randomTarget(random, 3 * n, 5, blank);
      }
      TestBatch batch =
          new TestBatch(drawn.logits(), targets, drawn.inputLengths(), drawn.classes(), blank);
      assertMatchesReference(batch.batch(), batch.options(), "blank " + blank);
    }
  }

  @Test
  @DisplayName("Layouts (T,N,C) and (N,T,C) and any strides")
  void layouts() {
    int frames = 17;
    int classes = 7;
    TestBatch batch = TestBatch.random(random, frames, 3, classes, 6, 2);
    CtcResult expected = reference(batch.batch(), batch.options());
    int size = frames * 3 * classes;
    ElementType type = ctc.gradientType(ElementType.FLOAT32);
    FrameTensor[] tensors = {
      FrameTensor.batchMajor(new float[size], frames, 3, classes),
      // Fortran order of (T, N, C)
      FrameTensor.strided(
          Elements.of(new float[size]), 0, frames, 3, classes, 1, frames, frames * 3L),
      // rows padded to 10, an offset of 5, every second element
      FrameTensor.strided(
          Elements.of(new float[2 * 10 * frames * 3 + 5]), 5, frames, 3, classes, 60, 20, 2),
    };
    for (FrameTensor tensor : tensors) {
      CtcResult got = ctc.lossAndGradient(batch.batch(batch.fill(tensor)), batch.options());
      assertMatches(expected, got, "layout");
      CtcResult own =
          CtcResult.ofGradient(
              FrameTensor.timeMajor(Elements.allocate(type, size), frames, 3, classes));
      ctc.compute(batch.batch(tensor), batch.options(), own);
      Agreement.assertSameBits(got, own, () -> where("another layout for the gradient"));
    }
  }

  @Test
  @DisplayName("Packed (ragged) logits with offsets")
  void packed() {
    TestBatch batch = TestBatch.random(random, 15, 4, 6, 5, 2);
    int[] lengths = batch.inputLengths();
    int total = Arrays.stream(lengths).sum() * 6;
    CtcResult padded = ctc.lossAndGradient(batch.batch(), batch.options());

    FrameTensor dense = FrameTensor.packed(Elements.of(new float[total]), lengths, 6);
    CtcResult got =
        ctc.lossAndGradient(
            CtcBatch.of(batch.fill(dense), Targets.of(batch.targets())), batch.options());
    long[] backwards = new long[4];
    for (int n = 2; n >= 0; n--) {
      backwards[n] = backwards[n + 1] + 6L * lengths[n + 1] + 3;
    }
    FrameTensor scattered =
        FrameTensor.packed(Elements.of(new float[total + 9]), backwards, lengths, 6);
    CtcResult again =
        ctc.lossAndGradient(
            CtcBatch.of(batch.fill(scattered), Targets.of(batch.targets())), batch.options());
    Agreement.assertSameBits(got, again, () -> where("offsets"));
    for (int n = 0; n < 4; n++) {
      assertEquals(padded.loss(n), got.loss(n), where("packed, utterance " + n));
      for (int t = 0; t < lengths[n]; t++) {
        for (int c = 0; c < 6; c++) {
          assertEquals(padded.gradient().get(t, n, c), got.gradient().get(t, n, c));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("float32, float64, float16, bfloat16 in, heap or direct; sums wider than the input")
  void elementTypes(ElementType type) {
    TestBatch batch = TestBatch.random(random, 200, 3, 300, 30, 4);
    int size = 200 * 3 * 300;
    ByteBuffer direct =
        ByteBuffer.allocateDirect(size * type.bytes()).order(ByteOrder.nativeOrder());
    Elements offHeap =
        switch (type) {
          case FLOAT64 -> Elements.of(direct.asDoubleBuffer());
          case FLOAT32 -> Elements.of(direct.asFloatBuffer());
          case FLOAT16 -> Elements.float16(direct.asShortBuffer());
          case BFLOAT16 -> Elements.bfloat16(direct.asShortBuffer());
        };
    CtcResult[] results = new CtcResult[2];
    Elements[] places = {Elements.allocate(type, size), offHeap};
    for (int i = 0; i < 2; i++) {
      FrameTensor tensor = batch.fill(FrameTensor.timeMajor(places[i], 200, 3, 300));
      assertMatchesReference(batch.batch(tensor), batch.options(), type.name());
      results[i] = ctc.lossAndGradient(batch.batch(tensor), batch.options());
    }
    Agreement.assertSameBits(results[0], results[1], () -> where("heap and direct " + type));
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "BFLOAT16"})
  @DisplayName("A gradient may be written in 16 bits: the float32 gradient, rounded once")
  void halfGradient(ElementType type) {
    TestBatch batch = TestBatch.random(random, 12, 2, 5, 4, 2);
    CtcResult single = CtcResult.ofGradient(FrameTensor.timeMajor(new float[12 * 2 * 5], 12, 2, 5));
    ctc.compute(batch.batch(), batch.options(), single);
    CtcResult half =
        CtcResult.ofGradient(FrameTensor.timeMajor(Elements.allocate(type, 12 * 2 * 5), 12, 2, 5));
    ctc.compute(batch.batch(), batch.options(), half);
    double unit = type == ElementType.FLOAT16 ? 0x1p-11 : 0x1p-8;
    for (int i = 0; i < 12 * 2 * 5; i++) {
      double expected = single.gradient().elements().get(i);
      double got = half.gradient().elements().get(i);
      assertEquals(expected, got, Math.abs(expected) * unit * 1.01 + 0x1p-25);
    }
  }

  @Test
  @DisplayName("Targets padded (N, Lmax), concatenated, or int[][]; padding is never read")
  void targetForms() {
    TestBatch batch = TestBatch.random(random, 25, 4, 6, 9, 2);
    int[] lengths = Arrays.stream(batch.targets()).mapToInt(target -> target.length).toArray();
    int[] padded = new int[4 * 9];
    Arrays.fill(padded, -77);
    int[] concatenated = new int[Arrays.stream(lengths).sum()];
    int next = 0;
    for (int n = 0; n < 4; n++) {
      System.arraycopy(batch.targets()[n], 0, padded, n * 9, lengths[n]);
      System.arraycopy(batch.targets()[n], 0, concatenated, next, lengths[n]);
      next += lengths[n];
    }
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    Targets[] forms = {
      Targets.padded(padded, 9, lengths), Targets.concatenated(concatenated, lengths)
    };
    for (Targets form : forms) {
      CtcBatch again = CtcBatch.of(batch.timeMajor(), form, batch.inputLengths());
      CtcResult got = ctc.lossAndGradient(again, batch.options());
      Agreement.assertSameBits(expected, got, () -> where("targets"));
    }
  }

  // ---- what the gradient is of ----

  @Test
  @DisplayName("The gradient is that of the reduced loss: central differences")
  void centralDifferences() {
    TestBatch drawn = TestBatch.random(random, 30, 3, 6, 9, 2);
    FrameTensor logits = drawn.fill(FrameTensor.timeMajor(new double[30 * 3 * 6], 30, 3, 6));
    for (InputKind input : InputKind.values()) {
      for (Reduction reduction : Reduction.values()) {
        CtcOptions options =
            drawn.options().withInput(input).withReduction(reduction).withZeroInfinity(true);
        CtcBatch batch = drawn.batch(input == InputKind.LOG_PROBS ? logSoftmax(logits) : logits);
        CtcResult got = ctc.lossAndGradient(batch, options);
        assertEquals(reducedByHand(got, drawn, reduction), got.loss(), 1e-9 * Math.abs(got.loss()));
        for (int trial = 0; trial < 40; trial++) {
          int t = random.nextInt(30);
          int n = random.nextInt(3);
          int c = random.nextInt(6);
          double expected = centralDifference(batch, options, t, n, c);
          assertEquals(
              expected,
              got.gradient().get(t, n, c),
              1e-7 + 10 * gradientTolerance(),
              () -> where("%s, %s, (t, n, c) = (%d, %d, %d)".formatted(input, reduction, t, n, c)));
        }
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
  private static double centralDifference(CtcBatch batch, CtcOptions options, int t, int n, int c) {
    double step = 1e-5;
    FrameTensor logits = batch.logits();
    double x = logits.get(t, n, c);
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
    assertEquals(expected, got.loss(), lossTolerance() * 100);
    Agreement.assertGradient(
        (t, n, c) -> w[n] * plain.gradient().get(t, n, c),
        got.gradient(),
        gradientTolerance(),
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
        gradientTolerance() + rounding * 10,
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
    assertEquals(-5.5, got.loss(0), 5.5 * lossTolerance(), where("loss"));
    assertEquals(CtcStatus.OK, got.status(0));
    for (int c = 0; c < 3; c++) {
      assertEquals(c == 1 ? -1 : 0, got.gradient().get(0, 0, c), 1e-6, where("gradient"));
      assertEquals(c == 2 ? -1 : 0, got.gradient().get(1, 0, c), 1e-6, where("gradient"));
    }
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

  // ---- log-probabilities that cannot be any ----

  private void assertRefused(String message, CtcBatch batch) {
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
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
          "logits: utterance 3, frame 17: class 2 has log-probability 2.5, expected at most 0; are"
              + " these logits? input LOGITS takes them, SCORES takes scores that need not sum to 1",
          batch);
      tensor.set(3, 1, 0, 0);
      tensor.set(3, 1, 1, 0);
      tensor.set(3, 1, 2, 0);
      assertRefused(
          "logits: utterance 1, frame 3: probabilities sum to 3.000, expected 1; give natural"
              + " logarithms for all classes; input LOGITS takes logits, SCORES takes scores that"
              + " need not sum to 1",
          batch);
      tensor.set(2, 1, 0, 0.125);
      tensor.set(2, 1, 1, 0.75);
      tensor.set(2, 1, 2, 0.125);
      assertRefused(
          "logits: utterance 1, frame 2: class 1 has log-probability 0.75, expected at most 0; are"
              + " these probabilities? give their natural logarithms",
          batch);
    }
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

  // ---- posteriors ----

  /** Class and state posteriors, with NaN before the call wherever it is to write. */
  private CtcResult posteriorsOf(Ctc engine, CtcBatch batch, CtcOptions options) {
    ElementType type = engine.gradientType(batch.logits().elements().type());
    CtcResult result =
        CtcResult.ofLosses(batch.utterances())
            .withPosteriors(unwritten(batch.logits().zerosLike(type)))
            .withStatePosteriors(unwritten(batch.logits().zerosLike(type, states(batch))));
    engine.compute(batch, options, result);
    return result;
  }

  private static FrameTensor unwritten(FrameTensor tensor) {
    for (long i = 0; i < tensor.elements().length(); i++) {
      tensor.elements().set(i, Double.NaN);
    }
    return tensor;
  }

  private static int states(CtcBatch batch) {
    return 2 * batch.targets().maxLength() + 1;
  }

  private void assertPosteriors(CtcBatch batch, CtcOptions options, String what) {
    CtcResult expected;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      expected = posteriorsOf(reference, batch, options);
    }
    CtcResult got = posteriorsOf(ctc, batch, options);
    for (int n = 0; n < batch.utterances(); n++) {
      String utterance = where(what + ", utterance " + n);
      assertEquals(expected.status(n), got.status(n), utterance);
      Agreement.assertLoss(
          expected.loss(n), got.loss(n), lossTolerance(expected.loss(n)), () -> utterance);
      assertDistributions(batch, options, got, n, utterance);
    }
    Agreement.assertGradient(
        expected.posteriors()::get,
        got.posteriors(),
        gradientTolerance(),
        () -> where(what + ", posteriors of classes"));
    Agreement.assertGradient(
        expected.statePosteriors()::get,
        got.statePosteriors(),
        gradientTolerance(),
        () -> where(what + ", posteriors of states"));
  }

  /** Used frames sum to 1, by states and by classes; everything else is 0. */
  private static void assertDistributions(
      CtcBatch batch, CtcOptions options, CtcResult got, int n, String what) {
    FrameTensor ofClasses = got.posteriors();
    FrameTensor ofStates = got.statePosteriors();
    int used = got.status(n) == CtcStatus.OK ? batch.inputLength(n) : 0;
    for (int t = 0; t < ofClasses.frames(n); t++) {
      double[] sums = new double[ofClasses.classes()];
      for (int s = 0; s < ofStates.classes(); s++) {
        double posterior = ofStates.get(t, n, s);
        if (t < used && s <= 2 * batch.targets().length(n)) {
          int c = s % 2 == 0 ? options.blank() : batch.targets().label(n, s / 2);
          assertTrue(posterior >= 0, what + ": " + posterior);
          sums[c] += posterior;
        } else {
          assertEquals(0.0, posterior, what);
        }
      }
      double whole = 0;
      for (int c = 0; c < sums.length; c++) {
        assertEquals(sums[c], ofClasses.get(t, n, c), t < used ? 1e-6 : 0, what);
        whole += ofClasses.get(t, n, c);
      }
      assertEquals(t < used ? 1 : 0, whole, 1e-6, what);
    }
  }

  @Test
  @DisplayName("A posterior is the share of the target's paths that is there at that frame")
  void bruteForcePosteriors() {
    for (int i = 0; i < repeats(1000); i++) {
      int classes = 1 + random.nextInt(4);
      int frames = random.nextInt(classes > 2 ? 7 : 9);
      TestBatch batch =
          TestBatch.random(random, frames, 3, classes, 3, 0.1 + 3 * random.nextDouble());
      CtcResult got = posteriorsOf(ctc, batch.batch(), batch.options());
      for (int n = 0; n < 3; n++) {
        double[][] used = Arrays.copyOf(batch.logits()[n], batch.inputLengths()[n]);
        BruteForce expected = new BruteForce(used, batch.targets()[n], batch.blank());
        String what = where("batch " + i + ", utterance " + n);
        for (int t = 0; t < used.length; t++) {
          for (int c = 0; c < classes; c++) {
            assertEquals(
                expected.posterior(t, c), got.posteriors().get(t, n, c), gradientTolerance(), what);
          }
          for (int s = 0; s <= 2 * batch.targets()[n].length; s++) {
            assertEquals(
                expected.statePosterior(t, s),
                got.statePosteriors().get(t, n, s),
                gradientTolerance(),
                what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 2, 1",
    "0, 2, 3, 2",
    "12, 3, 3, 4",
    "70, 3, 30, 31",
    "140, 2, 9, 64",
    "20, 2, 1300, 5",
    "300, 2, 28, 128",
    "1100, 1, 12, 512",
    "200, 2, 2, 40"
  })
  @DisplayName("Posteriors are the reference's; each used frame sums to 1, all else is 0")
  void posteriors(int frames, int utterances, int classes, int labels) {
    for (double deviation : new double[] {0.1, 3, 50}) {
      TestBatch batch = TestBatch.random(random, frames, utterances, classes, labels, deviation);
      batch.targets()[0] = TestBatch.randomTarget(random, labels, classes, batch.blank());
      assertPosteriors(batch.batch(), batch.options(), "deviation " + deviation);
      CtcOptions scores = batch.options().withInput(InputKind.SCORES);
      assertPosteriors(batch.batch(), scores, "scores, deviation " + deviation);
    }
  }

  @Test
  @DisplayName("… of batches made to hurt")
  void hostilePosteriors() {
    for (int i = 0; i < repeats(200); i++) {
      long batchSeed = seed + i;
      HostileBatch hostile = HostileBatch.of(batchSeed);
      assertPosteriors(hostile.batch(), hostile.options(), "HostileBatch.of(" + batchSeed + ")");
    }
  }

  @Test
  @DisplayName("… of frames millions of nats apart")
  void widePosteriors() {
    float[] logits = new float[400 * 4];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = i % 4 == 3 ? 0 : -0x1p24f - random.nextInt(1 << 22);
    }
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.timeMajor(logits, 400, 1, 4), Targets.of(new int[][] {{1, 1, 2, 1}}));
    assertPosteriors(batch, CtcOptions.DEFAULT, "wide");
  }

  @Test
  @DisplayName("softmax − posterior is the gradient; asking for one changes no bit of the other")
  void posteriorsBesideGradient() {
    TestBatch drawn = TestBatch.random(random, 60, 4, 9, 12, 2);
    double[] weights = {1, 0, -2, 1};
    CtcBatch batch = drawn.batch().withWeights(weights);
    CtcOptions options = drawn.options();
    CtcResult gradient = ctc.lossAndGradient(batch, options);
    CtcResult ofClasses = ctc.posteriors(batch, options);
    CtcResult ofStates = ctc.statePosteriors(batch, options);
    ElementType type = ctc.gradientType(ElementType.FLOAT32);
    CtcResult all =
        CtcResult.ofGradient(unwritten(batch.logits().zerosLike(type)))
            .withPosteriors(unwritten(batch.logits().zerosLike(type)))
            .withStatePosteriors(unwritten(batch.logits().zerosLike(type, states(batch))));
    ctc.compute(batch, options, all);
    Agreement.assertSameBits(gradient, all, () -> where("with posteriors"));
    assertSameBits(ofClasses.posteriors(), all.posteriors(), "posteriors alone");
    assertSameBits(ofStates.statePosteriors(), all.statePosteriors(), "states alone");
    CtcResult mean = posteriorsOf(ctc, drawn.batch(), options.withReduction(Reduction.MEAN));
    assertSameBits(ofClasses.posteriors(), mean.posteriors(), "weights take no part");
    CtcResult plain = ctc.lossAndGradient(drawn.batch(), options);
    for (int n = 0; n < 4; n++) {
      for (int t = 0; t < drawn.inputLengths()[n]; t++) {
        double sum = Arrays.stream(drawn.logits()[n][t]).map(Math::exp).sum();
        for (int c = 0; c < 9; c++) {
          double softmax = Math.exp(drawn.logits()[n][t][c]) / sum;
          double expected =
              plain.status(n) == CtcStatus.OK ? softmax - plain.gradient().get(t, n, c) : 0;
          assertEquals(expected, all.posteriors().get(t, n, c), 1e-6, where("softmax − gradient"));
        }
      }
    }
  }

  private void assertSameBits(FrameTensor expected, FrameTensor got, String what) {
    for (int n = 0; n < expected.utterances(); n++) {
      for (int t = 0; t < expected.frames(n); t++) {
        for (int c = 0; c < expected.classes(); c++) {
          long bits = Double.doubleToRawLongBits(expected.get(t, n, c));
          assertEquals(bits, Double.doubleToRawLongBits(got.get(t, n, c)), where(what));
        }
      }
    }
  }

  @Test
  @DisplayName("Posteriors have the same bits for any threads, memory and order of utterances")
  void posteriorBits() {
    TestBatch batch = TestBatch.random(random, 300, 5, 7, 60, 2);
    CtcResult expected = posteriorsOf(ctc, batch.batch(), batch.options());
    for (EngineOptions options :
        new EngineOptions[] {
          EngineOptions.DEFAULT.withThreads(1),
          EngineOptions.DEFAULT.withThreads(3),
          EngineOptions.DEFAULT.withWorkspaceBytes(1)
        }) {
      try (Ctc other = engine(options)) {
        CtcResult got = posteriorsOf(other, batch.batch(), batch.options());
        assertSameBits(expected.posteriors(), got.posteriors(), options.toString());
        assertSameBits(expected.statePosteriors(), got.statePosteriors(), options.toString());
      }
    }
    CtcResult turned = posteriorsOf(ctc, batch.permuted(4, 2, 0, 1, 3).batch(), batch.options());
    for (int t = 0; t < 300; t++) {
      for (int s = 0; s < expected.statePosteriors().classes(); s++) {
        assertEquals(
            expected.statePosteriors().get(t, 2, s),
            turned.statePosteriors().get(t, 1, s),
            where("order"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("Posteriors go to any layout and element type, packed ones too")
  void posteriorLayouts(ElementType type) {
    TestBatch batch = TestBatch.random(random, 15, 4, 6, 5, 2);
    int[] lengths = batch.inputLengths();
    FrameTensor padded = batch.timeMajor();
    FrameTensor packed =
        batch.fill(
            FrameTensor.packed(
                Elements.of(new float[Arrays.stream(lengths).sum() * 6]), lengths, 6));
    CtcResult expected = posteriorsOf(ctc, batch.batch(), batch.options());
    int states = expected.statePosteriors().classes();
    FrameTensor[][] places = {
      {
        FrameTensor.batchMajor(Elements.allocate(type, 15 * 4 * 6), 15, 4, 6),
        FrameTensor.strided(
            Elements.allocate(type, 15 * 4 * 2 * states + 3), 3, 15, 4, states, 2, 30L * states, 30)
      },
      {packed.zerosLike(type), packed.zerosLike(type, states)}
    };
    double unit =
        switch (type) {
          case FLOAT16 -> 0x1p-11;
          case BFLOAT16 -> 0x1p-8;
          default -> 0x1p-23;
        };
    for (int i = 0; i < 2; i++) {
      CtcBatch again = CtcBatch.of(i == 0 ? padded : packed, Targets.of(batch.targets()), lengths);
      CtcResult got =
          CtcResult.ofLosses(4)
              .withPosteriors(unwritten(places[i][0]))
              .withStatePosteriors(unwritten(places[i][1]));
      ctc.compute(again, batch.options(), got);
      for (int n = 0; n < 4; n++) {
        for (int t = 0; t < got.posteriors().frames(n); t++) {
          for (int c = 0; c < 6; c++) {
            double e = expected.posteriors().get(t, n, c);
            assertEquals(e, got.posteriors().get(t, n, c), e * unit * 1.01 + 0x1p-25);
          }
          for (int s = 0; s < states; s++) {
            double e = expected.statePosteriors().get(t, n, s);
            assertEquals(e, got.statePosteriors().get(t, n, s), e * unit * 1.01 + 0x1p-25);
          }
        }
      }
    }
  }

  @Test
  @DisplayName("Places for posteriors of another shape, or that share memory, are refused")
  void refusedPosteriors() {
    TestBatch batch = TestBatch.random(random, 8, 2, 4, 3, 1);
    batch.targets()[0] = TestBatch.randomTarget(random, 3, 4, batch.blank());
    FrameTensor logits = batch.timeMajor();
    FrameTensor place = FrameTensor.timeMajor(new float[8 * 2 * 7], 8, 2, 7);
    CtcResult losses = CtcResult.ofLosses(2);
    assertRefused(
        batch.batch(logits),
        batch.options(),
        losses.withPosteriors(place),
        "posteriors: expected the shape of the logits, (T, N, C) = (8, 2, 4), got (T, N, C) = (8, 2, 7)");
    assertRefused(
        batch.batch(logits),
        batch.options(),
        losses.withStatePosteriors(FrameTensor.timeMajor(new float[9 * 2 * 7], 9, 2, 7)),
        "state posteriors: expected the 2 Lmax + 1 states of the frames, (T, N, C) = (8, 2, 7), got (T, N, C) = (9, 2, 7)");
    assertRefused(
        batch.batch(logits),
        batch.options(),
        losses.withPosteriors(logits),
        "posteriors: it overlaps the logits in memory");
    FrameTensor gradient = FrameTensor.timeMajor(new float[8 * 2 * 4], 8, 2, 4);
    assertRefused(
        batch.batch(logits),
        batch.options(),
        CtcResult.ofGradient(gradient).withPosteriors(gradient),
        "posteriors: it overlaps the gradient in memory");
    InvalidInputException count =
        assertThrows(
            InvalidInputException.class,
            () -> losses.withPosteriors(FrameTensor.timeMajor(new float[9], 1, 3, 3)));
    assertEquals("posteriors: expected room for 2 utterances, got 3", count.getMessage());
  }

  private void assertRefused(CtcBatch batch, CtcOptions options, CtcResult result, String message) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> ctc.compute(batch, options, result));
    assertEquals(message, refusal.getMessage());
  }

  // ---- special cases ----

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
          expected, got.loss(n), lossTolerance(expected) * 2, () -> where("empty"));
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
  @DisplayName("C = 1: only blanks, loss 0")
  void onlyBlank() {
    FrameTensor logits = FrameTensor.timeMajor(new float[] {3, -5, 0}, 3, 1, 1);
    CtcResult got =
        ctc.lossAndGradient(CtcBatch.of(logits, Targets.of(new int[0])), CtcOptions.DEFAULT);
    assertEquals(0.0, got.loss(0), 1e-12);
    assertEquals(0.0, got.gradient().get(1, 0, 0), 1e-7);
  }

  @Test
  @DisplayName("−Infinity logits are probability 0")
  void minusInfinity() {
    for (int i = 0; i < repeats(200); i++) {
      TestBatch batch = TestBatch.random(random, 8, 3, 4, 3, 2);
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
            depth - Math.log(2), got.loss(0), lossTolerance(), () -> where("depth " + depth));
      }
      assertMatchesReference(batch.batch(doubles), options, "depth " + depth);
      assertMatchesReference(batch.batch(), options, "float32, depth " + depth);
    }
  }

  @Test
  @DisplayName("Nothing overflows at T = 10^6 frames")
  void millionFrames() {
    int frames = manyFrames();
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

  // ---- properties ----

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
          assertEquals(0, sum, gradientTolerance(), where("row sum"));
        }
      }
    }
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
        try (Ctc other = engine(EngineOptions.DEFAULT.withThreads(threads))) {
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
      try (Ctc other = engine(EngineOptions.DEFAULT.withWorkspaceBytes(bytes))) {
        CtcResult got = other.lossAndGradient(batch.batch(), batch.options());
        Agreement.assertSameBits(expected, got, () -> where(bytes + " bytes of workspace"));
      }
    }
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
          forward.loss(n),
          got.loss(n),
          lossTolerance(forward.loss(n)),
          () -> where("reversed " + n));
    }
    Agreement.assertGradient(
        (t, n, c) -> forward.gradient().get(39 - t, n, c),
        got.gradient(),
        gradientTolerance(),
        () -> where("reversed"));
  }

  // ---- the engine ----

  @Test
  @DisplayName("One engine serves many threads at once")
  void concurrentCalls() throws Exception {
    TestBatch batch = TestBatch.random(random, 60, 4, 12, 15, 2);
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    ExecutorService pool = Executors.newFixedThreadPool(6);
    try {
      Future<?>[] calls = new Future<?>[24];
      for (int i = 0; i < calls.length; i++) {
        calls[i] =
            pool.submit(
                () -> {
                  CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
                  Agreement.assertSameBits(expected, got, () -> where("concurrent"));
                });
      }
      for (Future<?> call : calls) {
        call.get();
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  @DisplayName("A result that is used again holds nothing of the call before")
  void reusedResult() {
    TestBatch batch = TestBatch.random(random, 20, 2, 5, 4, 2);
    FrameTensor gradient = FrameTensor.timeMajor(new float[20 * 2 * 5], 20, 2, 5);
    CtcResult result = CtcResult.ofGradient(gradient);
    TestBatch infeasible =
        new TestBatch(
            batch.logits(),
            new int[][] {
              TestBatch.randomTarget(random, 40, 5, batch.blank()),
              TestBatch.randomTarget(random, 40, 5, batch.blank())
            },
            batch.inputLengths(),
            5,
            batch.blank());
    ctc.compute(infeasible.batch(), batch.options(), result);
    assertEquals(CtcStatus.INFEASIBLE, result.status(0));
    ctc.compute(batch.batch(), batch.options(), result);
    CtcResult fresh = CtcResult.ofGradient(FrameTensor.timeMajor(new float[20 * 2 * 5], 20, 2, 5));
    ctc.compute(batch.batch(), batch.options(), fresh);
    Agreement.assertSameBits(fresh, result, () -> where("reused"));
    assertNull(ctc.loss(batch.batch(), batch.options()).gradient());
  }

  @ParameterizedTest
  @CsvSource({"40, 1, 20", "200, 3, 300", "60, 9, 300"})
  @DisplayName("After a call nothing of the caller's is held")
  void holdsNothing(int frames, int utterances, int classes) {
    Collected collected = new Collected();
    try (Ctc engine = engine(EngineOptions.DEFAULT.withThreads(4))) {
      computeWatched(
          engine, TestBatch.random(random, frames, utterances, classes, 8, 2), collected);
      collected.assertAll(() -> where("after a call"));
    }
  }

  private static void computeWatched(Ctc engine, TestBatch of, Collected collected) {
    int frames = of.frames();
    int utterances = of.utterances();
    float[] logits = collected.watch("logits", new float[frames * utterances * of.classes()]);
    float[] gradient = collected.watch("gradient", new float[logits.length]);
    float[] posteriors = collected.watch("posteriors", new float[logits.length]);
    double[] weights = collected.watch("weights", new double[utterances]);
    Arrays.fill(weights, 0.5);
    FrameTensor tensor = FrameTensor.timeMajor(logits, frames, utterances, of.classes());
    CtcBatch batch = collected.watch("batch", of.batch(of.fill(tensor)).withWeights(weights));
    collected.watch("targets", batch.targets());
    int states = 2 * batch.targets().maxLength() + 1;
    float[] ofStates = collected.watch("states", new float[frames * utterances * states]);
    CtcResult result =
        CtcResult.ofGradient(FrameTensor.timeMajor(gradient, frames, utterances, of.classes()))
            .withPosteriors(FrameTensor.timeMajor(posteriors, frames, utterances, of.classes()))
            .withStatePosteriors(FrameTensor.timeMajor(ofStates, frames, utterances, states));
    collected.watch("result", result);
    collected.watch("losses", result.losses);
    collected.watch("statuses", result.statuses);
    engine.compute(batch, of.options(), result);
  }

  @Test
  @DisplayName("After close: IllegalStateException; closing twice is harmless")
  void closed() {
    TestBatch batch = TestBatch.random(random, 3, 1, 3, 1, 1);
    Ctc other = engine(EngineOptions.DEFAULT);
    assertNotNull(other.loss(batch.batch(), batch.options()));
    other.close();
    other.close();
    assertThrows(IllegalStateException.class, () -> other.loss(batch.batch(), batch.options()));
  }

  @Test
  @DisplayName("Buffers count from position to limit, in their own byte order")
  void bufferViews() {
    TestBatch batch = TestBatch.random(random, 6, 2, 4, 2, 2);
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    int size = 6 * 2 * 4;
    FloatBuffer swapped =
        ByteBuffer.allocate(4 * (size + 10)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    swapped.position(3).limit(3 + size);
    FrameTensor tensor = FrameTensor.timeMajor(Elements.of(swapped), 6, 2, 4);
    swapped.clear(); // the view keeps what it was given
    CtcResult got = ctc.lossAndGradient(batch.batch(batch.fill(tensor)), batch.options());
    Agreement.assertSameBits(expected, got, () -> where("buffer view"));
    FrameTensor readOnly =
        FrameTensor.timeMajor(
            Elements.float16(ShortBuffer.allocate(size).asReadOnlyBuffer()), 6, 2, 4);
    assertArrayEquals(
        new int[] {2}, new int[] {ctc.loss(batch.batch(readOnly), batch.options()).utterances()});
  }
}
