package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What alignment owes its users on every backend: brute force and a textbook's tables are the
 * oracle.
 */
public abstract class AlignerContract {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final long seed = Seed.of(getClass());
  final Random random = new Random(seed);
  private CtcAligner aligner;

  /** A new aligner of the backend under test; fails if another would be picked. */
  protected abstract CtcAligner aligner(EngineOptions options);

  @BeforeEach
  void open() {
    aligner = aligner(EngineOptions.DEFAULT);
  }

  @AfterEach
  void close() {
    aligner.close();
    assertThrows(
        IllegalStateException.class,
        () ->
            aligner.align(
                CtcBatch.of(FrameTensor.timeMajor(new float[1], 1, 1, 1), Targets.of(new int[0])),
                CtcOptions.DEFAULT));
  }

  private String replay() {
    return "-Dctc4j.seed=" + seed;
  }

  private static int[] states(CtcPath path) {
    int[] states = new int[path.frames()];
    Arrays.setAll(states, path::state);
    return states;
  }

  @Test
  @DisplayName("With offsets the path is the best by the changed weights, and tells the model's p")
  void offsets() {
    int moved = 0;
    for (int trial = 0; trial < 100; trial++) {
      TestBatch drawn = TestBatch.random(random, 7, 1, 4, 3, 1);
      double[] logPriors = random.doubles(4).map(x -> -5 * x).toArray();
      CtcOptions options =
          drawn
              .options()
              .withBlankPenalty(random.nextGaussian())
              .withLabelPriors(LabelPriors.of(logPriors, 0.5));
      double[] offsets = options.offsets(4);
      int frames = drawn.inputLengths()[0];
      double best = LOG_ZERO;
      double bestOfModel = 0;
      for (int[] path : CtcPaths.enumerate(frames, drawn.targets()[0], drawn.blank())) {
        double ofModel = 0;
        double sum = 0;
        for (int t = 0; t < frames; t++) {
          double logProb = logSoftmax(drawn.logits()[0][t], path[t]);
          ofModel += logProb;
          sum += logProb + offsets[path[t]];
        }
        if (sum > best) {
          best = sum;
          bestOfModel = ofModel;
        }
      }
      CtcPath got = aligner.align(drawn.batch(), options).get(0);
      if (best == LOG_ZERO) {
        assertEquals(CtcStatus.INFEASIBLE, got.status(), replay());
        continue;
      }
      assertEquals(bestOfModel, got.logProbability(), 1e-9, replay());
      CtcPath plain = aligner.align(drawn.batch(), drawn.options()).get(0);
      moved += got.logProbability() < plain.logProbability() - 1e-9 ? 1 : 0;
    }
    assertTrue(moved > 5, moved + " paths moved, " + replay());
  }

  private static double logSoftmax(double[] logits, int c) {
    double sum = 0;
    for (double x : logits) {
      sum += Math.exp(x - logits[c]);
    }
    return -Math.log(sum);
  }

  @Test
  @DisplayName("ln p of a symbol keeps its digits next to 0, and is never above it")
  void nearlyCertainFrames() {
    for (NearlyCertainCase one : NearlyCertainCase.all()) {
      double[][] expected = one.logProbs();
      CtcBatch batch = one.batch(one.logits(), ElementType.FLOAT64);
      CtcPath path = aligner.align(batch, one.options()).get(0);
      double sum = 0;
      for (int t = 0; t < path.frames(); t++) {
        double symbol = expected[t][path.symbol(t)];
        sum += symbol;
        String what = one + ", frame " + t;
        assertEquals(symbol, path.logProbability(t), 1e-12 * Math.abs(symbol), what);
        assertTrue(path.logProbability(t) <= 0, what);
      }
      assertEquals(sum, path.logProbability(), 1e-11 * Math.abs(sum), one.toString());
    }
  }

  @Test
  @DisplayName("Log-probabilities that cannot be any are refused; scores are taken as they are")
  void notLogProbs() {
    double[] numbers = {0, LOG_ZERO, LOG_ZERO, 2.5, LOG_ZERO, 0, 1.5, LOG_ZERO};
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.batchMajor(numbers, 2, 2, 2),
            Targets.of(new int[] {1}, new int[] {1, 1, 1}),
            new int[] {1, 2});
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
    assertEquals(
        "logits: utterance 1, frame 1: class 0 has log-probability 1.5, expected at most 0; are"
            + " these logits? input LOGITS takes them, SCORES takes scores that need not sum to 1",
        assertThrows(InvalidInputException.class, () -> aligner.align(batch, options))
            .getMessage());
    FrameTensor one = FrameTensor.timeMajor(new double[] {1, 2.5}, 1, 1, 2);
    CtcPath path =
        aligner
            .align(CtcBatch.of(one, Targets.of(new int[] {1})), options.withInput(InputKind.SCORES))
            .get(0);
    assertEquals(2.5, path.logProbability());
  }

  @Test
  @DisplayName("Probabilities align as their logarithms do, ties and zeros too")
  void probabilities() {
    for (ElementType type : ElementType.values()) {
      TestBatch drawn = TestBatch.random(random, 30, 6, 5, 8, 3);
      FrameTensor p = CtcContract.softmax(drawn.timeMajor(), type);
      for (int t = 0; t < 30; t += 3) { // whole quarters tie
        for (int c = 0; c < 5; c++) {
          p.set(t, 0, c, c < 4 ? 0.25 : 0);
        }
      }
      CtcOptions options = drawn.options().withInput(InputKind.PROBABILITIES);
      CtcOptions ofLogs = drawn.options().withInput(InputKind.LOG_PROBS);
      FrameTensor logs = CtcContract.logarithms(p);
      List<CtcPath> expected = aligner.align(drawn.batch(logs), ofLogs);
      List<CtcPath> got = aligner.align(drawn.batch(p), options);
      for (int n = 0; n < 6; n++) {
        assertEquals(expected.get(n).status(), got.get(n).status(), replay());
        assertArrayEquals(states(expected.get(n)), states(got.get(n)), replay());
        double sum = expected.get(n).logProbability();
        assertEquals(sum, got.get(n).logProbability(), Math.abs(1e-12 * sum), replay());
      }
    }
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.timeMajor(new double[] {0.5, 0.5, 0.5, 1.5}, 2, 1, 2),
            Targets.of(new int[] {1}));
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
    assertEquals(
        "logits: utterance 0, frame 1: class 1 has probability 1.5, expected a number in [0, 1];"
            + " are these logits? input LOGITS takes them",
        assertThrows(InvalidInputException.class, () -> aligner.align(batch, options))
            .getMessage());
  }

  private static double[][] logSoftmax(double[][] logits) {
    double[][] rows = new double[logits.length][];
    for (int t = 0; t < rows.length; t++) {
      double max = Arrays.stream(logits[t]).max().orElseThrow();
      double logSum = Math.log(Arrays.stream(logits[t]).map(x -> Math.exp(x - max)).sum());
      rows[t] = Arrays.stream(logits[t]).map(x -> x - max - logSum).toArray();
    }
    return rows;
  }

  /** The states of the best of all enumerated paths, ties as documented; null if there is none. */
  private static int[] bestByEnumeration(double[][] logProbs, int[] target, int blank) {
    double best = LOG_ZERO;
    int[] bestStates = null;
    for (int[] path : CtcPaths.enumerate(logProbs.length, target, blank)) {
      double sum = 0;
      int[] states = new int[path.length];
      int seen = 0;
      for (int t = 0; t < path.length; t++) {
        sum += logProbs[t][path[t]];
        boolean begins = path[t] != blank && (t == 0 || path[t] != path[t - 1]);
        seen += begins ? 1 : 0;
        states[t] = path[t] == blank ? 2 * seen : 2 * seen - 1;
      }
      if (sum > best || sum == best && bestStates != null && isLater(states, bestStates)) {
        best = sum;
        bestStates = states;
      }
    }
    return bestStates;
  }

  private static boolean isLater(int[] states, int[] others) {
    for (int t = states.length - 1; t >= 0; t--) {
      if (states[t] != others[t]) {
        return states[t] > others[t];
      }
    }
    return false;
  }

  /** Viterbi as in a textbook: whole tables, state by state. */
  static int[] bestByTable(double[][] logProbs, int[] target, int blank) {
    int frames = logProbs.length;
    int count = 2 * target.length + 1;
    double[][] best = new double[frames][count];
    int[][] from = new int[frames][count];
    for (int t = 0; t < frames; t++) {
      for (int s = 0; s < count; s++) {
        double value = t == 0 ? (s < 2 ? 0 : LOG_ZERO) : best[t - 1][s];
        from[t][s] = s;
        for (int p = s - 1; t > 0 && p >= Math.max(0, s - 2); p--) {
          boolean allowed = p == s - 1 || s % 2 == 1 && s > 2 && target[s / 2] != target[s / 2 - 1];
          if (allowed && best[t - 1][p] > value) {
            value = best[t - 1][p];
            from[t][s] = p;
          }
        }
        best[t][s] = value + logProbs[t][s % 2 == 0 ? blank : target[s / 2]];
      }
    }
    double[] last = best[frames - 1];
    int state = count > 1 && last[count - 2] > last[count - 1] ? count - 2 : count - 1;
    if (last[state] == LOG_ZERO) {
      return null;
    }
    int[] states = new int[frames];
    for (int t = frames - 1; t >= 0; t--) {
      states[t] = state;
      state = from[t][state];
    }
    return states;
  }

  final void assertPath(int[] expected, double[][] logProbs, int[] target, CtcPath got) {
    if (expected == null) {
      assertEquals(CtcStatus.INFEASIBLE, got.status(), replay());
      assertEquals(LOG_ZERO, got.logProbability());
      assertEquals(List.of(), got.spans());
      return;
    }
    assertEquals(CtcStatus.OK, got.status(), replay());
    assertArrayEquals(expected, states(got), replay());
    assertArrayEquals(target, got.labels());
    double sum = 0;
    for (int t = 0; t < got.frames(); t++) {
      double expectedHere = logProbs[t][got.symbol(t)];
      assertEquals(expectedHere, got.logProbability(t), 1e-13 * -expectedHere + 1e-14, replay());
      sum += got.logProbability(t);
    }
    assertEquals(sum, got.logProbability(), "the sum of the frames, to the bit; " + replay());
    assertSpans(target, got);
  }

  private void assertSpans(int[] target, CtcPath got) {
    assertEquals(target.length, got.spans().size());
    int covered = 0;
    for (int i = 0; i < target.length; i++) {
      LabelSpan span = got.spans().get(i);
      assertEquals(target[i], span.label());
      double sum = 0;
      for (int t = span.start(); t < span.end(); t++) {
        assertEquals(2 * i + 1, got.state(t));
        sum += got.logProbability(t);
      }
      assertEquals(sum, span.logProbability());
      covered += span.frames();
    }
    long onLabels = Arrays.stream(states(got)).filter(s -> s % 2 == 1).count();
    assertEquals(onLabels, covered);
  }

  @Test
  void smallCasesAreTheBestOfAllEnumeratedPaths() {
    for (int i = 0; i < 500; i++) {
      TestBatch batch = TestBatch.random(random, 7, 3, 2 + random.nextInt(3), 4, 2);
      List<CtcPath> paths = aligner.align(batch.batch(), batch.options());
      for (int n = 0; n < 3; n++) {
        double[][] logProbs = logSoftmax(batch.alone(n).logits()[0]);
        int[] expected = bestByEnumeration(logProbs, batch.targets()[n], batch.blank());
        assertPath(expected, logProbs, batch.targets()[n], paths.get(n));
      }
    }
  }

  @Test
  void tiesGoToTheGreatestStateFromTheLastFrameBack() {
    for (int i = 0; i < 500; i++) {
      TestBatch small = integers(TestBatch.random(random, 7, 1, 3, 4, 2));
      assertPath(
          bestByEnumeration(small.logits()[0], small.targets()[0], small.blank()),
          small.logits()[0],
          small.targets()[0],
          alignScores(small));
    }
    for (int i = 0; i < 30; i++) {
      TestBatch large = integers(TestBatch.random(random, 150, 1, 3, 60, 2));
      assertPath(
          bestByTable(large.logits()[0], large.targets()[0], large.blank()),
          large.logits()[0],
          large.targets()[0],
          alignScores(large));
    }
    // every path is as likely as every other: "a" begins at once, and the path stays in the blank
    FrameTensor same = FrameTensor.timeMajor(new float[3 * 2], 3, 1, 2);
    CtcPath path =
        aligner.align(CtcBatch.of(same, Targets.of(new int[] {1})), CtcOptions.DEFAULT).get(0);
    assertArrayEquals(new int[] {1, 2, 2}, states(path));
  }

  /** Scores −1, −2, −3, whose sums are exact, and some −Infinity. */
  final TestBatch integers(TestBatch batch) {
    for (double[] row : batch.logits()[0]) {
      Arrays.setAll(row, c -> random.nextInt(20) == 0 ? LOG_ZERO : -1 - random.nextInt(3));
    }
    return batch;
  }

  final CtcPath alignScores(TestBatch batch) {
    CtcOptions options = batch.options().withInput(InputKind.SCORES);
    return aligner.align(batch.batch(), options).get(0);
  }

  @Test
  void largeCasesAreThoseOfATextbookViterbi() {
    for (int i = 0; i < 12; i++) {
      int frames = 200 + random.nextInt(900);
      int labels = random.nextInt(frames / 2);
      double[][][] logits = new double[1][frames][12];
      for (double[] row : logits[0]) {
        Arrays.setAll(row, c -> 4 * random.nextGaussian());
      }
      int[] target = TestBatch.randomTarget(random, labels, 12, 5);
      TestBatch batch = new TestBatch(logits, new int[][] {target}, new int[] {frames}, 12, 5);
      FrameTensor doubles =
          batch.fill(FrameTensor.batchMajor(new double[frames * 12], frames, 1, 12));
      double[][] logProbs = logSoftmax(logits[0]);
      CtcPath got = aligner.align(batch.batch(doubles), batch.options()).get(0);
      assertPath(bestByTable(logProbs, target, 5), logProbs, target, got);
    }
  }

  @Test
  void thePathIsAtMostAsProbableAsAllTogether() {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      for (int i = 0; i < 50; i++) {
        TestBatch batch = TestBatch.random(random, 40, 4, 6, 8, 3);
        CtcResult all = ctc.loss(batch.batch(), batch.options());
        List<CtcPath> paths = aligner.align(batch.batch(), batch.options());
        for (int n = 0; n < 4; n++) {
          assertEquals(all.status(n), paths.get(n).status(), replay());
          assertTrue(paths.get(n).logProbability() <= -all.loss(n) + 1e-9, replay());
        }
      }
    }
  }

  @Test
  void everyLayoutAndTypeGivesTheSamePath() {
    TestBatch batch = TestBatch.random(random, 30, 5, 7, 9, 3);
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        Arrays.setAll(row, c -> Math.round(row[c] * 8) / 8.0); // exact in bfloat16, ties and all
      }
    }
    List<CtcPath> expected = aligner.align(batch.batch(), batch.options());
    FrameTensor batchMajor = FrameTensor.batchMajor(new double[30 * 5 * 7], 30, 5, 7);
    FrameTensor gaps =
        FrameTensor.strided(
            Elements.float16(ShortBuffer.allocate(5000)), 3, 30, 5, 7, new Strides(2, 70 * 14, 70));
    FrameTensor packed =
        FrameTensor.packed(
            Elements.bfloat16(ShortBuffer.allocate(7 * Arrays.stream(batch.inputLengths()).sum())),
            batch.inputLengths(),
            7);
    for (FrameTensor tensor : List.of(batchMajor, gaps, packed)) {
      List<CtcPath> got;
      try (CtcAligner alone = aligner(EngineOptions.DEFAULT.withThreads(1))) {
        got = alone.align(batch.batch(batch.fill(tensor)), batch.options());
      }
      for (int n = 0; n < 5; n++) {
        assertArrayEquals(states(expected.get(n)), states(got.get(n)), replay());
        double logProbability = expected.get(n).logProbability();
        assertEquals(logProbability, got.get(n).logProbability(), Math.abs(1e-12 * logProbability));
      }
    }
  }

  @Test
  void whatIsNotFiniteOrCannotFitIsSaidPerUtterance() {
    double[][][] logits = new double[6][4][3];
    logits[0][3][1] = Double.NaN; // beyond its input length
    logits[1][2][0] = Double.NaN;
    logits[2][0][2] = Double.POSITIVE_INFINITY;
    logits[4][1] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    int[][] targets = {{1, 2}, {1}, {1}, {1, 1, 1}, {1}, {}};
    TestBatch batch = new TestBatch(logits, targets, new int[] {3, 4, 4, 4, 4, 0}, 3, 0);
    List<CtcPath> paths = aligner.align(batch.batch(), batch.options());
    List<CtcStatus> expected =
        List.of(
            CtcStatus.OK,
            CtcStatus.NOT_FINITE,
            CtcStatus.NOT_FINITE,
            CtcStatus.INFEASIBLE, // needs 5 frames
            CtcStatus.INFEASIBLE,
            CtcStatus.OK);
    assertEquals(expected, paths.stream().map(CtcPath::status).toList());
    assertEquals(Double.NaN, paths.get(1).logProbability());
    assertEquals(0, paths.get(5).logProbability());
    assertEquals(List.of(), paths.get(4).spans());
  }

  @Test
  void farBelowTheFrameCountsAsImpossible() {
    double[][][] logits = {{{0, -1e30}, {0, -1e30}}, {{0, -1e7}, {0, -1e7}}};
    TestBatch batch = new TestBatch(logits, new int[][] {{1}, {1}}, new int[] {2, 2}, 2, 0);
    List<CtcPath> paths = aligner.align(batch.batch(), batch.options());
    assertEquals(CtcStatus.INFEASIBLE, paths.get(0).status());
    assertEquals(-1e7, paths.get(1).logProbability());
  }

  @Test
  void afterACallNothingOfTheCallersIsHeld() {
    Collected collected = new Collected();
    alignWatched(aligner, TestBatch.random(random, 40, 3, 9, 8, 2), collected);
    collected.assertAll(this::replay);
  }

  private static void alignWatched(CtcAligner aligner, TestBatch of, Collected collected) {
    FrameTensor logits = collected.watch("logits", of.timeMajor());
    collected.watch("numbers", logits.elements().storage());
    CtcBatch batch = collected.watch("batch", of.batch(logits));
    collected.watch("targets", batch.targets());
    collected.watch("paths", aligner.align(batch, of.options()));
  }

  @Test
  void badArgumentsAreRefused() {
    FrameTensor logits = FrameTensor.timeMajor(new float[6], 2, 1, 3);
    CtcBatch label = CtcBatch.of(logits, Targets.of(new int[] {3}));
    assertThrows(InvalidInputException.class, () -> aligner.align(label, CtcOptions.DEFAULT));
    CtcBatch fine = CtcBatch.of(logits, Targets.of(new int[] {1}));
    CtcOptions blank = CtcOptions.DEFAULT.withBlank(3);
    assertThrows(InvalidInputException.class, () -> aligner.align(fine, blank));
  }

  @Test
  void secondsAndScores() {
    LabelSpan span = new LabelSpan(4, 10, 14, 4 * Math.log(0.5));
    assertEquals(0.2, span.startSeconds(0.02), 1e-12);
    assertEquals(0.28, span.endSeconds(0.02), 1e-12);
    assertEquals(Math.log(0.5), span.meanLogProbability(), 1e-12);
    assertEquals(0.5, span.confidence(), 1e-12);
  }
}
