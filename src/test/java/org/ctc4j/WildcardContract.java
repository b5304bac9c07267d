package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets with wildcards, and labels that may be left out. */
public abstract class WildcardContract extends CtcContract {
  private static final int F = Wildcards.FRAMES;
  private static final int L = Wildcards.LABELS;

  protected WildcardContract(TestedBackend backend) {
    super(backend);
  }

  /** Labels among which wildcards are, next to each other as often as not. */
  static int[] withWildcards(Random random, int[] labels) {
    int[] target = labels.clone();
    for (int i = 0; i < target.length; i++) {
      int drawn = random.nextInt(4);
      target[i] = drawn == 0 ? F : drawn == 1 ? L : target[i];
    }
    return target;
  }

  static Wildcards randomWildcards(Random random) {
    return new Wildcards(
        random.nextInt(3) == 0 ? 0 : 2 * random.nextDouble() - 0.5,
        random.nextInt(3) == 0 ? 0 : 2 * random.nextDouble() - 0.5,
        random.nextBoolean() ? Double.POSITIVE_INFINITY : 4 * random.nextDouble());
  }

  private static TestBatch randomBatch(Random random, int frames, int labels) {
    int classes = 2 + random.nextInt(3);
    double deviation = 0.1 + 3 * random.nextDouble();
    TestBatch drawn = TestBatch.random(random, frames, 30, classes, labels, deviation);
    int[][] targets =
        Arrays.stream(drawn.targets())
            .map(target -> withWildcards(random, target))
            .toArray(int[][]::new);
    return new TestBatch(drawn.logits(), targets, drawn.inputLengths(), classes, drawn.blank());
  }

  private static CtcBatch with(Wildcards wildcards, TestBatch batch) {
    return batchOf(batch.timeMajor(), batch, wildcards);
  }

  private static CtcBatch batchOf(FrameTensor tensor, TestBatch batch, Wildcards wildcards) {
    return CtcBatch.of(
        tensor, Targets.of(batch.targets()).withWildcards(wildcards), batch.inputLengths());
  }

  private CtcResult computed(CtcBatch batch, CtcOptions options) {
    return computed(ctc, batch, options);
  }

  /** Loss, gradient and posteriors, with NaN before the call wherever it is to write. */
  private static CtcResult computed(Ctc engine, CtcBatch batch, CtcOptions options) {
    ElementType type = engine.gradientType(batch.logits().elements().type());
    int states = 2 * batch.targets().maxLength() + 1;
    CtcResult result =
        CtcResult.ofGradient(unwritten(batch.logits().zerosLike(type)))
            .withPosteriors(unwritten(batch.logits().zerosLike(type)))
            .withStatePosteriors(unwritten(batch.logits().zerosLike(type, states)));
    engine.compute(batch, options, result);
    return result;
  }

  private void assertClose(double expected, double got, String what) {
    double size = Double.isInfinite(expected) ? 1 : Math.max(1, Math.abs(expected));
    assertEquals(expected, got, backend.lossTolerance() * size, what);
  }

  private void assertRows(double[][] expected, FrameTensor got, int n, String what) {
    for (int t = 0; t < got.frames(n); t++) {
      for (int c = 0; c < got.classes(); c++) {
        double value = t < expected.length && c < expected[t].length ? expected[t][c] : 0;
        int frame = t;
        int column = c;
        assertEquals(
            value,
            got.get(t, n, c),
            backend.gradientTolerance(),
            () -> "%s, frame %d, %d".formatted(what, frame, column));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(InputKind.class)
  @DisplayName("Loss, gradient and posteriors are those of the list of all paths")
  void bruteForce(InputKind input) {
    int draws = backend.draws(40);
    for (int i = 0; i < draws; i++) {
      TestBatch batch = randomBatch(random, random.nextInt(7), 4);
      Wildcards wildcards = randomWildcards(random);
      CtcOptions options =
          batch
              .options()
              .withInput(input)
              .withGradientKind(GradientKind.LOGITS)
              .withBlankPenalty(i % 4 == 0 ? 0.7 : 0);
      double[] offsets = new double[batch.classes()];
      offsets[batch.blank()] = i % 4 == 0 ? -0.7 : 0;
      FrameTensor logits = batch.timeMajor();
      FrameTensor probabilities = softmax(logits, ElementType.FLOAT64);
      FrameTensor given =
          switch (input) {
            case LOGITS -> logits;
            case PROBABILITIES -> probabilities;
            case LOG_PROBS, SCORES -> logarithms(probabilities);
          };
      CtcResult got = computed(batchOf(given, batch, wildcards), options);
      for (int n = 0; n < batch.utterances(); n++) {
        TestBatch one = batch.alone(n);
        int[] target = one.targets()[0];
        WildcardBruteForce expected =
            new WildcardBruteForce(one.logits()[0], target, wildcards, batch.blank(), offsets);
        String what = where("batch %d, %s of %s".formatted(i, Arrays.toString(target), wildcards));
        assertClose(expected.loss(), got.loss(n), what);
        assertEquals(
            expected.total() == 0 ? CtcStatus.INFEASIBLE : CtcStatus.OK, got.status(n), what);
        assertRows(expected.gradient(), got.gradient(), n, what + ", gradient");
        assertRows(expected.posteriors(), got.posteriors(), n, what + ", classes");
        assertRows(expected.statePosteriors(), got.statePosteriors(), n, what + ", states");
      }
    }
  }

  @Test
  @DisplayName("Labels that may be left out: the sum over all subsequences of the target")
  void subsequences() {
    for (int i = 0; i < backend.draws(300); i++) {
      TestBatch batch = TestBatch.random(random, 1 + random.nextInt(5), 1, 3, 4, 2);
      double cost = 3 * random.nextDouble();
      Wildcards wildcards = Wildcards.DEFAULT.withSkipCost(cost);
      int[] target = batch.targets()[0];
      double sum = 0;
      for (int kept = 0; kept < 1 << target.length; kept++) {
        int chosen = kept;
        int[] subsequence =
            IntStream.range(0, target.length)
                .filter(k -> (chosen >> k & 1) == 1)
                .map(k -> target[k])
                .toArray();
        double loss = new BruteForce(batch.logits()[0], subsequence, batch.blank()).loss();
        sum += Math.exp(-loss - cost * (target.length - subsequence.length));
      }
      double got = ctc.loss(with(wildcards, batch), batch.options()).loss(0);
      assertClose(0 - Math.log(sum), got, where(Arrays.toString(target) + " at " + cost));
    }
  }

  @Test
  @DisplayName("Any run of frames: the sum over where it begins and ends, and over none of it")
  void splits() {
    for (int i = 0; i < backend.draws(300); i++) {
      int frames = 1 + random.nextInt(6);
      TestBatch batch = TestBatch.random(random, frames, 1, 3, 3, 2);
      double penalty = random.nextDouble();
      int[] labels = batch.targets()[0];
      int place = random.nextInt(labels.length + 1);
      int[] before = Arrays.copyOf(labels, place);
      int[] after = Arrays.copyOfRange(labels, place, labels.length);
      double[][] logits = batch.logits()[0];
      int blank = batch.blank();
      double sum = Math.exp(-new BruteForce(logits, labels, blank).loss());
      for (int from = 0; from < frames; from++) {
        for (int to = from + 1; to <= frames; to++) {
          double first = new BruteForce(Arrays.copyOf(logits, from), before, blank).loss();
          double last = new BruteForce(Arrays.copyOfRange(logits, to, frames), after, blank).loss();
          sum += Math.exp(-first - last - penalty * (to - from));
        }
      }
      int[] target = new int[labels.length + 1];
      System.arraycopy(before, 0, target, 0, place);
      target[place] = F;
      System.arraycopy(after, 0, target, place + 1, after.length);
      TestBatch starred =
          new TestBatch(
              batch.logits(), new int[][] {target}, batch.inputLengths(), 3, batch.blank());
      Wildcards wildcards = Wildcards.DEFAULT.withFramePenalty(penalty);
      double got = ctc.loss(with(wildcards, starred), batch.options()).loss(0);
      assertClose(0 - Math.log(sum), got, where(Arrays.toString(target)));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 8, 60})
  @DisplayName("Longer targets agree with the reference, however peaked the logits are")
  void reference(double deviation) {
    for (int i = 0; i < backend.draws(16); i++) {
      int classes = 2 + random.nextInt(5);
      TestBatch drawn = TestBatch.random(random, 30, 4, classes, 20, deviation);
      int[][] targets = drawn.targets();
      for (int n = 0; n < targets.length; n++) {
        targets[n] = i % 2 == 0 ? withWildcards(random, targets[n]) : targets[n];
        for (double[] row : drawn.logits()[n]) {
          row[random.nextInt(classes)] = random.nextInt(5) == 0 ? Double.NEGATIVE_INFINITY : row[0];
        }
      }
      CtcBatch batch = with(randomWildcards(random), drawn);
      CtcResult got = computed(batch, drawn.options());
      CtcResult expected;
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        expected = computed(reference, batch, drawn.options());
      }
      CtcResult lossOnly = ctc.loss(batch, drawn.options());
      for (int n = 0; n < 4; n++) {
        String what = where("batch %d, utterance %d".formatted(i, n));
        assertEquals(expected.status(n), got.status(n), what);
        assertClose(expected.loss(n), got.loss(n), what);
        assertEquals(got.loss(n), lossOnly.loss(n), what);
      }
      String what = where("batch " + i);
      double tolerance = backend.gradientTolerance();
      Agreement.assertGradient(
          expected.gradient()::get, got.gradient(), tolerance, () -> what + ", gradient");
      Agreement.assertGradient(
          expected.posteriors()::get, got.posteriors(), tolerance, () -> what + ", classes");
      Agreement.assertGradient(
          expected.statePosteriors()::get, got.statePosteriors(), tolerance, () -> what);
    }
  }

  @ParameterizedTest
  @EnumSource(InputKind.class)
  @DisplayName("The gradient is that of the loss: central differences")
  void differences(InputKind input) {
    double step = 1e-5;
    int[] target = {F, 1, L, 2, 2, F, F, 1, 3, L};
    int frames = 12;
    Wildcards wildcards = new Wildcards(0.4, 0.2, 1.5);
    CtcOptions options = CtcOptions.DEFAULT.withInput(input).withBlankPenalty(0.3);
    FrameTensor tensor = FrameTensor.timeMajor(new double[frames * 4], frames, 1, 4);
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < 4; c++) {
        tensor.set(t, 0, c, random.nextGaussian());
      }
    }
    FrameTensor given =
        switch (input) {
          case LOGITS, SCORES -> tensor;
          case PROBABILITIES -> softmax(tensor, ElementType.FLOAT64);
          case LOG_PROBS -> logarithms(softmax(tensor, ElementType.FLOAT64));
        };
    CtcBatch batch = CtcBatch.of(given, Targets.of(target).withWildcards(wildcards));
    FrameTensor gradient = ctc.lossAndGradient(batch, options).gradient();
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < 4; c++) {
        double x = given.get(t, 0, c);
        given.set(t, 0, c, x + step);
        double above = ctc.loss(batch, options).loss(0);
        given.set(t, 0, c, x - step);
        double below = ctc.loss(batch, options).loss(0);
        given.set(t, 0, c, x);
        double expected = (above - below) / (2 * step);
        double tolerance = 1e-7 * Math.max(1, Math.abs(expected));
        assertEquals(expected, gradient.get(t, 0, c), tolerance, where(t + ", " + c));
      }
    }
  }

  @Test
  @DisplayName("One run of frames alone takes all: its penalties are the loss")
  void starAlone() {
    TestBatch batch = TestBatch.random(random, 50, 2, 5, 0, 3);
    for (int[] target : new int[][] {{F}, {F, F}}) {
      TestBatch starred =
          new TestBatch(
              batch.logits(), new int[][] {target, target}, new int[] {50, 0}, 5, batch.blank());
      Wildcards costly = Wildcards.DEFAULT.withFramePenalty(0.25);
      CtcResult got = ctc.lossAndGradient(with(costly, starred), batch.options());
      assertEquals(0, got.loss(1), where("no frames"));
      assertTrue(got.loss(0) <= 12.5, where("loss " + got.loss(0)));
      // with a bonus that no blank has, nothing else counts
      Wildcards cheap = Wildcards.DEFAULT.withFramePenalty(-100);
      got = ctc.lossAndGradient(with(cheap, starred), batch.options());
      double ways = target.length == 1 ? 1 : 51; // where the second begins, or that one has none
      assertClose(-5000 - Math.log(ways), got.loss(0), where("bonus"));
      for (int t = 0; t < 50; t++) {
        for (int c = 0; c < 5; c++) {
          assertEquals(0, got.gradient().get(t, 0, c), 1e-7, where("gradient"));
        }
      }
    }
  }

  @Test
  @DisplayName("A target of which nothing is there costs what leaving it out does")
  void allLeftOut() {
    double[][][] logits = new double[1][6][3];
    for (double[] row : logits[0]) {
      Arrays.fill(row, Double.NEGATIVE_INFINITY);
      row[0] = 1;
    }
    TestBatch batch = new TestBatch(logits, new int[][] {{1, 2, 2, L, F, 1}}, new int[] {6}, 3, 0);
    CtcResult got =
        ctc.lossAndGradient(with(Wildcards.DEFAULT.withSkipCost(2).withFramePenalty(90), batch));
    assertClose(10, got.loss(0), where("five at 2 nats"));
    TestBatch none = new TestBatch(new double[1][0][3], batch.targets(), new int[] {0}, 3, 0);
    got = ctc.loss(with(Wildcards.DEFAULT.withSkipCost(2), none));
    assertClose(10, got.loss(0), where("no frames"));
    got = ctc.lossAndGradient(with(Wildcards.DEFAULT, batch));
    assertEquals(CtcStatus.INFEASIBLE, got.status(0), where("no cost"));
    assertEquals(Double.POSITIVE_INFINITY, got.loss(0), where("no cost"));
  }

  @ParameterizedTest
  @EnumSource(InputKind.class)
  @DisplayName("No wildcard takes a frame in which nothing is possible")
  void impossibleFrame(InputKind input) {
    double[][][] logits = new double[1][5][3];
    double impossible = input == InputKind.PROBABILITIES ? 0 : Double.NEGATIVE_INFINITY;
    double possible = input == InputKind.PROBABILITIES ? 1 / 3.0 : -Math.log(3);
    for (int t = 0; t < 5; t++) {
      Arrays.fill(logits[0][t], t == 2 ? impossible : possible);
    }
    TestBatch batch = new TestBatch(logits, new int[][] {{F, 1, F}}, new int[] {5}, 3, 0);
    CtcResult got = computed(with(Wildcards.DEFAULT, batch), CtcOptions.DEFAULT.withInput(input));
    assertEquals(CtcStatus.INFEASIBLE, got.status(0), where("status"));
    for (int t = 0; t < 5; t++) {
      for (int c = 0; c < 3; c++) {
        assertEquals(0, got.gradient().get(t, 0, c), where("gradient"));
        assertEquals(0, got.posteriors().get(t, 0, c), where("posteriors"));
      }
    }
  }

  @Test
  @DisplayName("A target needs a frame for each element but FRAMES, and one for each repeat")
  void leastFrames() {
    int[][] targets = {{1, F, 1}, {F, F}, {1, L, 1}, {1, 1, F, 1}, {L, L}, {F, 2, 1, F}};
    int[] least = {3, 0, 3, 5, 2, 2};
    for (int n = 0; n < targets.length; n++) {
      for (int missing = 0; missing < 2 && least[n] - missing >= 0; missing++) {
        int frames = least[n] - missing;
        TestBatch batch =
            new TestBatch(
                new double[1][frames][3], new int[][] {targets[n]}, new int[] {frames}, 3, 0);
        CtcStatus status = ctc.loss(with(Wildcards.DEFAULT, batch)).status(0);
        assertEquals(
            missing == 0 ? CtcStatus.OK : CtcStatus.INFEASIBLE,
            status,
            where(Arrays.toString(targets[n]) + " in " + frames));
      }
    }
  }

  @Test
  @DisplayName(
      "Without wildcards, an utterance has the bits that it has without their being allowed")
  void plainBits() {
    TestBatch batch = TestBatch.random(random, 40, 6, 5, 12, 2);
    CtcResult plain = computed(batch.batch(), batch.options());
    CtcResult allowed =
        computed(with(Wildcards.DEFAULT.withFramePenalty(1), batch), batch.options());
    Agreement.assertSameBits(plain, allowed, () -> where("all"));
    int[][] targets = batch.targets().clone();
    targets[0] = new int[] {F};
    TestBatch mixed =
        new TestBatch(batch.logits(), targets, batch.inputLengths(), 5, batch.blank());
    CtcResult got = computed(with(Wildcards.DEFAULT, mixed), batch.options());
    for (int n = 1; n < 6; n++) {
      assertEquals(plain.loss(n), got.loss(n), where("utterance " + n));
      for (int t = 0; t < 40; t++) {
        for (int c = 0; c < 5; c++) {
          assertEquals(
              plain.gradient().get(t, n, c), got.gradient().get(t, n, c), where("gradient"));
          assertEquals(
              plain.posteriors().get(t, n, c), got.posteriors().get(t, n, c), where("posteriors"));
        }
      }
    }
  }

  @Test
  @DisplayName("The same bits for any number of threads and any order of the utterances")
  void sameBits() {
    TestBatch batch = randomBatch(random, 20, 8);
    Wildcards wildcards = new Wildcards(0.1, 0.2, 3);
    CtcResult got = ctc.loss(with(wildcards, batch), batch.options());
    int[] order = new int[batch.utterances()];
    Arrays.setAll(order, n -> order.length - 1 - n);
    try (Ctc one = backend.engine(EngineOptions.DEFAULT.withThreads(1))) {
      CtcResult reversed = one.loss(with(wildcards, batch.permuted(order)), batch.options());
      for (int n = 0; n < order.length; n++) {
        assertEquals(got.loss(order[n]), reversed.loss(n), where("utterance " + n));
      }
    }
  }

  @Test
  @DisplayName(
      "NaN stays in its utterance, weights count, and frames beyond the length are not read")
  void notFinite() {
    TestBatch batch = TestBatch.random(random, 8, 3, 4, 2, 1).withAllFrames();
    int[][] targets = {{F, (batch.blank() + 1) % 4}, {F}, {F, F}};
    TestBatch starred =
        new TestBatch(batch.logits(), targets, new int[] {8, 8, 5}, 4, batch.blank());
    double expected = ctc.loss(with(Wildcards.DEFAULT, starred), batch.options()).loss(0);
    batch.logits()[1][3][2] = Double.NaN;
    batch.logits()[2][6][2] = Double.NaN;
    CtcResult got =
        computed(with(Wildcards.DEFAULT, starred).withWeights(0.5, 1, 0), batch.options());
    assertArrayEquals(
        new CtcStatus[] {CtcStatus.OK, CtcStatus.NOT_FINITE, CtcStatus.OK},
        new CtcStatus[] {got.status(0), got.status(1), got.status(2)});
    assertEquals(expected, got.loss(0), where("loss"));
    for (int t = 0; t < 8; t++) {
      for (int c = 0; c < 4; c++) {
        assertEquals(0, got.gradient().get(t, 1, c), where("NaN"));
        assertEquals(0, got.gradient().get(t, 2, c), where("weight 0"));
        assertEquals(0, got.posteriors().get(t, 1, c), where("NaN"));
      }
    }
    assertEquals(
        0.5 * expected,
        ctc.loss(
                CtcBatch.of(
                        starred.alone(0).timeMajor(),
                        Targets.of(targets[0]).withWildcards(Wildcards.DEFAULT))
                    .withWeights(0.5),
                batch.options())
            .loss(),
        where("weighted"));
  }

  @Test
  @DisplayName("Tens of thousands of frames lose no precision")
  void manyFrames() {
    int frames = Math.min(20_000, backend.manyFrames());
    FrameTensor logits = FrameTensor.timeMajor(new float[frames * 3], frames, 1, 3);
    int[] target = {F, 1, 2, L, F, 2, 1};
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < 3; c++) {
        logits.set(t, 0, c, 5 * random.nextGaussian());
      }
    }
    CtcBatch batch =
        CtcBatch.of(logits, Targets.of(target).withWildcards(new Wildcards(0.01, 0.5, 7)));
    CtcResult got = computed(batch, CtcOptions.DEFAULT);
    CtcResult expected;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      expected = computed(reference, batch, CtcOptions.DEFAULT);
    }
    assertClose(expected.loss(0), got.loss(0), where("loss"));
    Agreement.assertGradient(
        expected.gradient()::get, got.gradient(), backend.gradientTolerance(), () -> where("long"));
  }

  @Test
  @DisplayName("What is no wildcard is refused, and wildcards where they are not allowed")
  void refused() {
    TestBatch batch = TestBatch.random(random, 5, 1, 4, 2, 1);
    FrameTensor logits = batch.timeMajor();
    assertRefused(
        "targets: utterance 0 has label -2 at position 0, expected a class in [0, 4)",
        () -> ctc.loss(CtcBatch.of(logits, Targets.of(new int[] {F}))));
    assertRefused(
        "targets: utterance 0 has label -1 at position 0, expected a class in [0, 4) or a wildcard",
        () ->
            ctc.loss(
                CtcBatch.of(logits, Targets.of(new int[] {-1}).withWildcards(Wildcards.DEFAULT))));
    Projection projection = Projection.of(Elements.of(new float[12]), null, 3, 4);
    ProjectedBatch hidden =
        ProjectedBatch.of(
            logits,
            projection,
            Targets.of(new int[] {1, F}).withWildcards(Wildcards.DEFAULT),
            new int[] {5});
    assertRefused(
        "targets: a projection takes no wildcards and leaves out no labels, expected none or a batch of logits, got some in utterance 0",
        () -> ctc.loss(hidden));
  }

  private static void assertRefused(String message, Executable call) {
    assertEquals(message, assertThrows(InvalidInputException.class, call).getMessage());
  }
}
