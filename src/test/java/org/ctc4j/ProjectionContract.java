package org.ctc4j;

import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every backend owes those who give it hidden states and a projection. Each test is named
 * after the sentence that it holds the backend to.
 */
public abstract class ProjectionContract {
  /** Of losses of float32 products that are summed in different orders. */
  private static final double COMPANY_LOSS_TOLERANCE = 1e-6;

  /** What the reference computes of the table, once for all that are held to it in this JVM. */
  private static final Map<ElementType, Map<NearlyCertainCase, ProjectedResult>> CERTAIN =
      Arrays.stream(ElementType.values())
          .collect(toMap(type -> type, t -> new IdentityHashMap<>()));

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private Ctc ctc;

  /** A new engine of the backend under test; fails if another implementation would be picked. */
  protected abstract Ctc engine(EngineOptions options);

  /** Promised error of a loss, relative, and of a gradient, as a norm ratio. */
  protected abstract double tolerance();

  /** How many random batches. */
  protected int batches() {
    return 300;
  }

  /** How many frames a long batch has; fewer only where so many would take minutes. */
  protected int longFrames() {
    return 300;
  }

  /**
   * Whether an utterance has the same bits in any company, and a gradient beside any other. The
   * same call has the same bits everywhere.
   */
  protected boolean sameBitsInAnyCompany() {
    return true;
  }

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

  // ---- comparing ----

  private static ProjectedResult reference(ProjectedBatch batch, CtcOptions options) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      ProjectedResult result = rooms(batch);
      reference.compute(batch, options, result);
      return result;
    }
  }

  /** Places for all three gradients, whether the projection has a bias or not. */
  private static ProjectedResult rooms(ProjectedBatch batch) {
    return ProjectedResult.ofGradients(
        batch.utterances(),
        batch.hidden().zerosLike(ElementType.FLOAT64),
        Elements.allocate(ElementType.FLOAT64, batch.projection().weight().length()),
        Elements.allocate(ElementType.FLOAT64, batch.projection().classes()));
  }

  private void assertMatchesReference(ProjectedBatch batch, CtcOptions options, String what) {
    ProjectedResult got = ctc.lossAndGradient(batch, options);
    assertAgree(reference(batch, options), got, tolerance(), where(what));
  }

  /** Compares what {@code got} holds. */
  public static void assertAgree(
      ProjectedResult expected, ProjectedResult got, double tolerance, String what) {
    double size = 1e-3;
    for (int n = 0; n < got.utterances(); n++) {
      String utterance = what + ", utterance " + n;
      assertEquals(expected.status(n), got.status(n), utterance);
      double loose = tolerance * Math.max(1, 1e-2 / Math.max(expected.loss(n), 1e-3));
      Agreement.assertLoss(expected.loss(n), got.loss(n), loose, () -> utterance);
      size += Double.isFinite(expected.loss(n)) ? expected.losses.weights[n] * expected.loss(n) : 0;
    }
    assertEquals(expected.loss(), got.loss(), tolerance * Math.max(1, Math.abs(size)), what);
    if (got.hiddenGradient() != null) {
      Agreement.assertGradient(
          expected.hiddenGradient()::get, got.hiddenGradient(), tolerance, () -> what + ", hidden");
    }
    assertAgree(expected.weightGradient(), got.weightGradient(), tolerance, what + ", weight");
    assertAgree(expected.biasGradient(), got.biasGradient(), tolerance, what + ", bias");
  }

  private static void assertAgree(Elements expected, Elements got, double tolerance, String what) {
    if (got != null) {
      int length = (int) got.length();
      double norm = 1e-3; // from where on Agreement holds a gradient to itself
      for (int i = 0; i < length; i++) {
        norm = Math.hypot(norm, expected.get(i));
      }
      // terms of up to 1 that cancel in the sum over frames, in float32, each rounded to 6e-8 of
      // itself: the sum is held to their size, to a tenth of what one of 1 is held to even
      // where next to nothing is left of them
      double loose = tolerance * Math.max(1, 0.1 / norm);
      Agreement.assertGradient(
          (t, n, i) -> expected.get(i),
          FrameTensor.timeMajor(got, 1, 1, length),
          loose,
          () -> what);
    }
  }

  private static void assertSameBits(Elements expected, Elements got, String what) {
    for (long i = 0; i < expected.length(); i++) {
      long at = i;
      assertEquals(
          Double.doubleToRawLongBits(expected.get(i)),
          Double.doubleToRawLongBits(got.get(i)),
          () -> what + ": element " + at + " differs in its bits");
    }
  }

  private static void assertSameBits(ProjectedResult expected, ProjectedResult got, String what) {
    for (int n = 0; n < expected.utterances(); n++) {
      assertSameUtterance(expected, n, got, n, what);
    }
    assertSameBits(expected.weightGradient(), got.weightGradient(), what + ", weight");
    assertSameBits(expected.biasGradient(), got.biasGradient(), what + ", bias");
    assertEquals(expected.loss(), got.loss(), 0.0, what);
  }

  private static void assertSameUtterance(
      ProjectedResult expected, int n, ProjectedResult got, int m, String what) {
    assertEquals(expected.status(n), got.status(m), what);
    assertEquals(
        Double.doubleToRawLongBits(expected.loss(n)),
        Double.doubleToRawLongBits(got.loss(m)),
        () -> what + ": loss of utterance " + n + " differs in its bits");
    for (int t = 0; t < expected.hiddenGradient().frames(n); t++) {
      for (int d = 0; d < expected.hiddenGradient().classes(); d++) {
        assertEquals(
            Double.doubleToRawLongBits(expected.hiddenGradient().get(t, n, d)),
            Double.doubleToRawLongBits(got.hiddenGradient().get(t, m, d)),
            what + ": hidden gradient differs in its bits");
      }
    }
  }

  /** An utterance of two calls of different company, or of different gradients. */
  private void assertSameInAnyCompany(
      ProjectedResult expected, int n, ProjectedResult got, int m, String what) {
    if (sameBitsInAnyCompany()) {
      assertSameUtterance(expected, n, got, m, what);
      return;
    }
    assertEquals(expected.status(n), got.status(m), what);
    Agreement.assertLoss(expected.loss(n), got.loss(m), COMPANY_LOSS_TOLERANCE, () -> what);
    double error = 0;
    double norm = 0;
    for (int t = 0; t < expected.hiddenGradient().frames(n); t++) {
      for (int d = 0; d < expected.hiddenGradient().classes(); d++) {
        double e = expected.hiddenGradient().get(t, n, d);
        norm = Math.hypot(norm, e);
        error = Math.hypot(error, got.hiddenGradient().get(t, m, d) - e);
      }
    }
    // an error of NaN fails, too
    assertTrue(
        error <= tolerance() * Math.max(norm, 1e-3),
        "%s: hidden gradient error %.3g of norm %.3g".formatted(what, error, norm));
  }

  private void assertSameInAnyCompany(Elements expected, Elements got, String what) {
    if (sameBitsInAnyCompany()) {
      assertSameBits(expected, got, what);
    } else {
      assertAgree(expected, got, tolerance(), what);
    }
  }

  // ---- making ----

  /** Ragged, with NaN in the padding. */
  private Case random(int frames, int utterances, int dimensions, int classes, int labels) {
    return Case.of(
        TestBatch.random(random, frames, utterances, dimensions, 0, 1),
        random,
        dimensions,
        classes,
        labels);
  }

  /** The parts of a batch, float32. The hidden states are those of {@code frames}, (T, N, D). */
  private record Case(
      TestBatch frames, double[] weight, double[] bias, int[][] targets, int blank) {
    static Case of(TestBatch frames, Random random, int dimensions, int classes, int maxLabels) {
      double[] weight = new double[classes * dimensions];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) (2 * random.nextGaussian() / Math.sqrt(dimensions));
      }
      double[] bias = random.doubles(classes).map(b -> (float) (b - 0.5)).toArray();
      int blank = random.nextInt(classes);
      int[][] targets = new int[frames.utterances()][];
      for (int n = 0; n < targets.length; n++) {
        int labels = classes == 1 ? 0 : random.nextInt(maxLabels + 1);
        targets[n] = TestBatch.randomTarget(random, labels, classes, blank);
        double[][] padding = frames.logits()[n];
        for (int t = frames.inputLengths()[n]; t < padding.length; t++) {
          Arrays.fill(padding[t], Double.NaN);
        }
      }
      return new Case(frames, weight, bias, targets, blank);
    }

    int dimensions() {
      return frames.classes();
    }

    CtcOptions options() {
      return CtcOptions.DEFAULT.withBlank(blank);
    }

    ProjectedBatch batch() {
      return batch(ElementType.FLOAT32, frames.timeMajor());
    }

    ProjectedBatch batch(ElementType type, FrameTensor hidden) {
      return ProjectedBatch.of(hidden, projection(type), Targets.of(targets), lengths());
    }

    int[] lengths() {
      return frames.inputLengths();
    }

    Projection projection(ElementType type) {
      return Projection.of(elements(type, weight), elements(type, bias), bias.length, dimensions());
    }

    Case permuted(int... order) {
      int[][] moved = Arrays.stream(order).mapToObj(n -> targets[n]).toArray(int[][]::new);
      return new Case(frames.permuted(order), weight, bias, moved, blank);
    }

    static Elements elements(ElementType type, double[] values) {
      Elements elements = Elements.allocate(type, values.length);
      for (int i = 0; i < values.length; i++) {
        elements.set(i, values[i]);
      }
      return elements;
    }
  }

  // ---- the definition ----

  @Test
  @DisplayName("Losses and gradients are those of CTC on hidden · weightᵀ + bias")
  void bruteForce() {
    for (int i = 0; i < 300; i++) {
      int dimensions = 1 + random.nextInt(4);
      int classes = 1 + random.nextInt(4);
      Case c = random(random.nextInt(6), 2, dimensions, classes, 3);
      ProjectedResult got = ctc.lossAndGradient(c.batch(), c.options());
      double[] weightGradient = new double[classes * dimensions];
      double[] biasGradient = new double[classes];
      for (int n = 0; n < 2; n++) {
        double[][] hidden = Arrays.copyOf(c.frames.logits()[n], c.lengths()[n]);
        double[][] logits = new double[hidden.length][classes];
        for (int t = 0; t < hidden.length; t++) {
          for (int k = 0; k < classes; k++) {
            logits[t][k] = c.bias[k];
            for (int d = 0; d < dimensions; d++) {
              logits[t][k] += hidden[t][d] * c.weight[k * dimensions + d];
            }
          }
        }
        BruteForce expected = new BruteForce(logits, c.targets[n], c.blank);
        String what = where("batch " + i + ", utterance " + n);
        Agreement.assertLoss(expected.loss(), got.loss(n), 10 * tolerance(), () -> what);
        for (int t = 0; t < c.frames.frames(); t++) {
          for (int d = 0; d < dimensions; d++) {
            double sum = 0;
            for (int k = 0; k < classes && t < hidden.length; k++) {
              sum += expected.gradient(t, k) * c.weight[k * dimensions + d];
              weightGradient[k * dimensions + d] += expected.gradient(t, k) * hidden[t][d];
              biasGradient[k] += d == 0 ? expected.gradient(t, k) : 0;
            }
            assertEquals(sum, got.hiddenGradient().get(t, n, d), 20 * tolerance(), what);
          }
        }
      }
      for (int k = 0; k < weightGradient.length; k++) {
        assertEquals(weightGradient[k], got.weightGradient().get(k), 50 * tolerance(), where("dW"));
      }
      for (int k = 0; k < classes; k++) {
        assertEquals(biasGradient[k], got.biasGradient().get(k), 50 * tolerance(), where("db"));
      }
    }
  }

  @Test
  @DisplayName("A gradient is the limit of differences of the loss")
  void finiteDifferences() {
    Case c = random(7, 2, 3, 4, 2);
    ElementType type = ElementType.FLOAT64;
    Elements hidden = Elements.allocate(type, 7 * 2 * 3);
    ProjectedBatch batch =
        c.batch(type, c.frames.fill(FrameTensor.batchMajor(hidden, 7, 2, 3)))
            .withWeights(0.7, -1.3);
    CtcOptions options = c.options().withZeroInfinity(true);
    ProjectedResult got = ctc.lossAndGradient(batch, options);
    assertSlope(batch, options, hidden, got.hiddenGradient().elements(), "hidden");
    assertSlope(batch, options, batch.projection().weight(), got.weightGradient(), "weight");
    assertSlope(batch, options, batch.projection().bias(), got.biasGradient(), "bias");
  }

  private void assertSlope(
      ProjectedBatch batch, CtcOptions options, Elements variable, Elements got, String what) {
    double step = 1e-2; // wide enough for the losses of a backend that is good to 1e-6
    for (int i = 0; i < variable.length(); i++) {
      double x = variable.get(i);
      if (Double.isNaN(x)) {
        assertEquals(0, got.get(i), where(what));
        continue;
      }
      double[] at = new double[4];
      for (int k = 0; k < 4; k++) {
        variable.set(i, x + step * new int[] {-2, -1, 1, 2}[k]);
        at[k] = ctc.loss(batch, options).loss();
      }
      variable.set(i, x);
      double slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step);
      assertEquals(slope, got.get(i), 2e-3 * Math.max(1, Math.abs(slope)), where(what + " " + i));
    }
  }

  @ParameterizedTest
  @CsvSource({
    // T, N, D, C, L
    "1, 1, 1, 1, 0",
    "1, 1, 1, 2, 1",
    "20, 3, 5, 4, 6",
    "40, 4, 64, 513, 9",
    "30, 1, 16, 512, 0",
    "25, 2, 513, 40, 8",
    "300, 2, 7, 30, 40",
    "600, 1, 20, 600, 100",
    "60, 3, 24, 9000, 20",
  })
  @DisplayName("Any shape agrees with the reference")
  void shapes(int frames, int utterances, int dimensions, int classes, int labels) {
    Case c = random(frames, utterances, dimensions, classes, labels);
    assertMatchesReference(c.batch(), c.options(), "float32");
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Every element type agrees with the reference on the same numbers")
  void types(ElementType type) {
    Case c = random(50, 3, 20, 70, 10);
    FrameTensor hidden =
        c.frames.fill(FrameTensor.batchMajor(Elements.allocate(type, 50 * 3 * 20), 50, 3, 20));
    assertMatchesReference(c.batch(type, hidden), c.options(), type.toString());
  }

  @Test
  @DisplayName("Hostile batches agree with the reference, in memory of the caller")
  void hostile() {
    for (int i = 0; i < batches(); i++) {
      HostileProjection hostile = HostileProjection.of(seed + i);
      ctc.compute(hostile.batch(), hostile.options(), hostile.result());
      assertAgree(
          reference(hostile.batch(), hostile.options()),
          hostile.result(),
          tolerance(),
          where("batch " + i));
    }
  }

  // ---- special cases ----

  @Test
  @DisplayName("No utterances, no frames and no labels are no errors")
  void nothing() {
    Projection projection = random(1, 1, 3, 5, 0).projection(ElementType.FLOAT32);
    ProjectedBatch none =
        ProjectedBatch.of(
            FrameTensor.timeMajor(new float[0], 4, 0, 3), projection, Targets.of(new int[0][]));
    ProjectedResult result = ctc.lossAndGradient(none, CtcOptions.DEFAULT);
    assertEquals(0, result.loss());
    assertEquals(0, result.weightGradient().get(14));
    ProjectedBatch noFrames =
        ProjectedBatch.of(
            FrameTensor.timeMajor(new float[0], 0, 2, 3),
            projection,
            Targets.of(new int[] {}, new int[] {1}));
    result = ctc.lossAndGradient(noFrames, CtcOptions.DEFAULT);
    assertEquals(0, result.loss(0));
    assertEquals(Double.POSITIVE_INFINITY, result.loss(1));
    assertEquals(CtcStatus.INFEASIBLE, result.status(1));
    assertEquals(0, result.weightGradient().get(14));
    assertEquals(0, result.biasGradient().get(0));
  }

  @Test
  @DisplayName("A target that cannot fit, NaN and weight 0 leave the gradients to the others")
  void onlyWhatCounts() {
    Case c = random(30, 5, 6, 20, 5);
    FrameTensor hidden = c.frames.timeMajor();
    int[] lengths = {30, 30, 30, 30, 30};
    double[][][] frames = new double[5][30][6];
    for (double[][] utterance : frames) {
      for (double[] row : utterance) {
        Arrays.setAll(row, d -> (float) random.nextGaussian());
      }
    }
    frames[1][3][2] = Double.NaN;
    frames[2][29][5] = Double.NEGATIVE_INFINITY;
    int[][] targets = {{1, 2}, {1}, {2}, new int[31], {3, 3}};
    Arrays.fill(targets[3], 1);
    new TestBatch(frames, targets, lengths, 6, 0).fill(hidden);
    Projection projection = c.projection(ElementType.FLOAT32);
    ProjectedBatch batch =
        ProjectedBatch.of(hidden, projection, Targets.of(targets), lengths)
            .withWeights(1, 1, 1, 1, 0);
    ProjectedResult got = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
    assertEquals(CtcStatus.NOT_FINITE, got.status(1));
    assertEquals(CtcStatus.NOT_FINITE, got.status(2));
    assertEquals(CtcStatus.INFEASIBLE, got.status(3));
    assertTrue(got.loss(4) > 0 && got.status(4) == CtcStatus.OK, where("weight 0"));
    for (int n = 1; n < 5; n++) {
      for (int t = 0; t < 30; t++) {
        assertEquals(0, got.hiddenGradient().get(t, n, 0), where("hidden gradient " + n));
      }
    }
    ProjectedBatch first =
        ProjectedBatch.of(
            FrameTensor.strided(hidden.elements(), 0, 30, 1, 6, new Strides(30, 6, 1)),
            projection,
            Targets.of(targets[0]));
    ProjectedResult alone = ctc.lossAndGradient(first, CtcOptions.DEFAULT);
    assertSameInAnyCompany(alone, 0, got, 0, where("the first"));
    assertSameInAnyCompany(
        alone.weightGradient(), got.weightGradient(), where("dW of the first alone"));
    assertSameInAnyCompany(
        alone.biasGradient(), got.biasGradient(), where("db of the first alone"));
  }

  @Test
  @DisplayName("After a call nothing of the caller's is held")
  void holdsNothing() {
    for (long i = 0; i < 10; i++) {
      Collected collected = new Collected();
      computeWatched(ctc, seed + i, collected);
      collected.assertAll(() -> where("after a call"));
    }
  }

  private static void computeWatched(Ctc ctc, long seed, Collected collected) {
    HostileProjection hostile = collected.watch("case", HostileProjection.of(seed));
    ProjectedBatch batch = collected.watch("batch", hostile.batch());
    collected.watch("hidden", batch.hidden().elements().storage());
    collected.watch("targets", batch.targets());
    Projection projection = collected.watch("projection", batch.projection());
    collected.watch("weight", projection.weight().storage());
    collected.watch("result", hostile.result());
    collected.watch("losses", hostile.result().losses.losses);
    ctc.compute(batch, hostile.options(), hostile.result());
  }

  @Test
  @DisplayName("Packed hidden states give the bits of padded ones")
  void packed() {
    Case c = random(40, 4, 9, 33, 6);
    FrameTensor packed =
        c.frames.fill(
            FrameTensor.packed(
                Elements.allocate(ElementType.FLOAT32, 9L * Arrays.stream(c.lengths()).sum()),
                c.lengths(),
                9));
    ProjectedResult padded = ctc.lossAndGradient(c.batch(), c.options());
    ProjectedResult got = ctc.lossAndGradient(c.batch(ElementType.FLOAT32, packed), c.options());
    assertSameBits(padded.weightGradient(), got.weightGradient(), where("weight"));
    for (int n = 0; n < 4; n++) {
      for (int t = 0; t < c.lengths()[n]; t++) {
        assertEquals(
            padded.hiddenGradient().get(t, n, 8), got.hiddenGradient().get(t, n, 8), where("dH"));
      }
    }
  }

  @Test
  @DisplayName("Without a bias it is 0; a bias of -Infinity forbids its class")
  void bias() {
    Case c = random(20, 2, 4, 6, 0);
    Elements weight = Case.elements(ElementType.FLOAT32, c.weight);
    FrameTensor hidden = c.frames.timeMajor();
    Targets targets = Targets.of(c.targets);
    ProjectedBatch without =
        ProjectedBatch.of(hidden, Projection.of(weight, null, 6, 4), targets, c.lengths());
    ProjectedResult got = ctc.lossAndGradient(without, c.options());
    assertNull(got.biasGradient());
    float[] zeros = new float[6];
    ProjectedBatch with =
        ProjectedBatch.of(
            hidden, Projection.of(weight, Elements.of(zeros), 6, 4), targets, c.lengths());
    assertEquals(
        ctc.loss(with, c.options()).loss(), got.loss(), tolerance() * got.loss(), where("bias 0"));

    zeros[(c.blank + 1) % 6] = Float.NEGATIVE_INFINITY;
    ProjectedResult forbidden = ctc.lossAndGradient(with, c.options());
    assertTrue(forbidden.loss() < got.loss(), where("one class less beside the blank"));
    assertEquals(0, forbidden.biasGradient().get((c.blank + 1) % 6), 1e-30, where("forbidden"));
    assertMatchesReference(with, c.options(), "forbidden");
    zeros[c.blank] = Float.NEGATIVE_INFINITY;
    assertEquals(CtcStatus.INFEASIBLE, ctc.loss(with, c.options()).status(0), where("no blank"));
  }

  @Test
  @DisplayName("A frame that is certain keeps the small rest that its loss is")
  void certain() {
    for (double bias : new double[] {12, 16, 20}) {
      Case c = random(40, 1, 8, 50, 0);
      c.bias[c.blank] = bias;
      assertMatchesReference(c.batch(), c.options(), "certain of the blank, " + bias);
    }
  }

  /** What counts as nothing in the gradient of the logits, of hidden states of a type. */
  protected double least(NearlyCertainCase one, ElementType type) {
    return type == ElementType.FLOAT64 ? Double.MIN_VALUE : Float.MIN_NORMAL;
  }

  /**
   * Cases of the table that a backend takes no unreasonable time for. The longest once, with logits
   * all: what is done frame after frame is the same for both.
   */
  protected boolean isPromised(NearlyCertainCase one, ElementType type) {
    return one.frames() < 10_000 || one.margin() == 40;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Loss and gradients keep their digits and signs down to the smallest double")
  void nearlyCertain(ElementType type) {
    Map<NearlyCertainCase, ProjectedResult> certain = CERTAIN.get(type);
    for (NearlyCertainCase one : NearlyCertainCase.all()) {
      if (isPromised(one, type)) {
        ProjectedBatch batch = one.projected(type);
        ProjectedResult got = rooms(batch);
        ctc.compute(batch, one.options(), got);
        double least = least(one, type);
        NearlyCertain.check(one, got.loss(0), got.hiddenGradient(), 1e-6, 1e-5, least);
        ProjectedResult expected = certain.computeIfAbsent(one, c -> reference(batch, c.options()));
        String what = where(one.toString());
        assertOfItsNorm(expected.weightGradient(), got.weightGradient(), least, what + ", weight");
        assertOfItsNorm(expected.biasGradient(), got.biasGradient(), least, what + ", bias");
      }
    }
  }

  /** Within 1e-5 of its own norm, however small that is. */
  private static void assertOfItsNorm(Elements expected, Elements got, double least, String what) {
    double error = 0;
    double norm = 0;
    for (long i = 0; i < expected.length(); i++) {
      norm = Math.hypot(norm, expected.get(i));
      error = Math.hypot(error, got.get(i) - expected.get(i));
    }
    assertTrue(
        error <= 1e-5 * norm + expected.length() * least,
        "%s: error %.3g of norm %.3g".formatted(what, error, norm));
  }

  // ---- bits ----

  @Test
  @DisplayName(
      "The same bits for any number of threads, twice; the same for any room for gradients")
  void sameBits() {
    Case c = random(longFrames(), 5, 40, 1100, 30);
    ProjectedResult expected = ctc.lossAndGradient(c.batch(), c.options());
    for (int threads = 1; threads <= 3; threads++) {
      try (Ctc other = engine(EngineOptions.DEFAULT.withThreads(threads))) {
        for (int i = 0; i < 2; i++) {
          assertSameBits(
              expected,
              other.lossAndGradient(c.batch(), c.options()),
              where(threads + " threads, call " + i));
        }
      }
    }
    ElementType type = expected.weightGradient().type();
    ProjectedResult hidden =
        ProjectedResult.ofGradients(5, c.batch().hidden().zerosLike(type), null, null);
    ctc.compute(c.batch(), c.options(), hidden);
    for (int n = 0; n < 5; n++) {
      assertSameInAnyCompany(expected, n, hidden, n, where("hidden alone"));
    }
    ProjectedResult weight =
        ProjectedResult.ofGradients(5, null, Elements.allocate(type, 1100 * 40), null);
    ctc.compute(c.batch(), c.options(), weight);
    assertSameInAnyCompany(
        expected.weightGradient(), weight.weightGradient(), where("weight alone"));
    ProjectedResult bias =
        ProjectedResult.ofGradients(5, null, null, Elements.allocate(type, 1100));
    ctc.compute(c.batch(), c.options(), bias);
    assertSameInAnyCompany(expected.biasGradient(), bias.biasGradient(), where("bias alone"));
  }

  @Test
  @DisplayName("Loss and hidden gradient of an utterance do not depend on the others")
  void anyOrder() {
    Case c = random(longFrames() - 30, 4, 24, 700, 20);
    ProjectedResult expected = ctc.lossAndGradient(c.batch(), c.options());
    int[] order = {2, 0, 3, 1};
    ProjectedResult moved = ctc.lossAndGradient(c.permuted(order).batch(), c.options());
    for (int n = 0; n < 4; n++) {
      assertSameInAnyCompany(expected, order[n], moved, n, where("moved"));
      ProjectedResult alone = ctc.lossAndGradient(c.permuted(n).batch(), c.options());
      assertSameInAnyCompany(expected, n, alone, 0, where("alone"));
    }
    assertAgree(
        expected.weightGradient(), moved.weightGradient(), tolerance(), where("order, weight"));
  }

  // ---- refusals ----

  @Test
  @DisplayName("Bad arguments are refused with what was expected, and nothing is written")
  void refused() {
    Case c = random(5, 2, 3, 4, 1);
    ProjectedBatch batch = c.batch();
    CtcOptions options = c.options();
    assertRefused(
        () -> ctc.loss(batch, options.withInput(InputKind.LOG_PROBS)),
        "input: a projection gives logits, expected LOGITS, got LOG_PROBS");
    assertRefused(
        () -> ctc.loss(batch, options.withBlank(4)),
        "blank: expected a class index in [0, 4), got 4");
    assertRefused(
        () -> ctc.loss(batch.withWeights(1, 1), options.withReduction(Reduction.MEAN)),
        "weights: they define the reduction themselves; expected NONE or SUM beside them, got MEAN");

    Elements weight = batch.projection().weight();
    double before = weight.get(7);
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1e300}) {
      weight.set(7, bad);
      double[] untouched = {1, 2, 3, 4};
      ProjectedResult result = ProjectedResult.ofGradients(2, null, null, Elements.of(untouched));
      assertRefused(
          () -> ctc.compute(batch, options, result),
          "weight: class 2 has %s at dimension 1, expected a finite number"
              .formatted(weight.get(7)));
      assertEquals(3, untouched[2]);
    }
    weight.set(7, before);
    Elements bias = batch.projection().bias();
    bias.set(3, Double.POSITIVE_INFINITY);
    assertRefused(
        () -> ctc.loss(batch, options),
        "bias: class 3 has Infinity, expected a number in [-Infinity, Infinity)");
    bias.set(3, 0);

    assertRefused(
        () -> ctc.compute(batch, options, ProjectedResult.ofLosses(3)),
        "result: expected room for 2 utterances, got 3");
    assertRefused(
        () ->
            ctc.compute(
                batch,
                options,
                ProjectedResult.ofGradients(2, null, Elements.of(new float[11]), null)),
        "weight gradient: expected 12 elements, got 11");
    assertRefused(
        () ->
            ctc.compute(
                batch,
                options,
                ProjectedResult.ofGradients(2, null, null, Elements.of(new float[5]))),
        "bias gradient: expected 4 elements, got 5");
    assertRefused(
        () ->
            ctc.compute(
                batch,
                options,
                ProjectedResult.ofGradients(
                    2, FrameTensor.timeMajor(new float[24], 4, 2, 3), null, null)),
        "hidden gradient: expected the shape of hidden, (T, N, C) = (5, 2, 3), got (T, N, C) = (4, 2, 3)");
    assertRefused(
        () ->
            ctc.compute(batch, options, ProjectedResult.ofGradients(2, batch.hidden(), null, null)),
        "hidden gradient: it overlaps the hidden in memory");
    assertRefused(
        () -> ctc.compute(batch, options, ProjectedResult.ofGradients(2, null, weight, null)),
        "weight gradient: it overlaps the weight in memory");
    ctc.close();
    assertThrows(IllegalStateException.class, () -> ctc.loss(batch, options));
  }

  private static void assertRefused(Runnable call, String message) {
    InvalidInputException e = assertThrows(InvalidInputException.class, call::run);
    assertNotNull(e.getMessage());
    assertEquals(message, e.getMessage());
  }
}
