package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Alignment to targets with wildcards, and with labels that may be left out. */
public abstract class WildcardAlignerContract {
  private static final int F = Wildcards.FRAMES;
  private static final int L = Wildcards.LABELS;

  private final Random random = Seed.random(getClass());
  private CtcAligner aligner;

  /** A new aligner of the backend under test. */
  protected abstract CtcAligner aligner(EngineOptions options);

  /** How many of so many random draws a test makes, or how long they are. */
  protected int draws(int all) {
    return all;
  }

  @BeforeEach
  void open() {
    aligner = aligner(EngineOptions.DEFAULT);
  }

  @AfterEach
  void close() {
    aligner.close();
  }

  private CtcPath align(TestBatch batch, Wildcards wildcards, CtcOptions options) {
    Targets targets = Targets.of(batch.targets()).withWildcards(wildcards);
    return aligner
        .align(CtcBatch.of(batch.timeMajor(), targets, batch.inputLengths()), options)
        .get(0);
  }

  @Test
  @DisplayName("No sequence of states weighs more, of thousands of small cases that list them all")
  void bruteForce() {
    for (int i = 0; i < draws(3000); i++) {
      int classes = 2 + random.nextInt(3);
      TestBatch drawn =
          TestBatch.random(random, random.nextInt(7), 1, classes, 4, 0.1 + 3 * random.nextDouble());
      int[] target = WildcardContract.withWildcards(random, drawn.targets()[0]);
      Wildcards wildcards = WildcardContract.randomWildcards(random);
      TestBatch batch =
          new TestBatch(
              drawn.logits(), new int[][] {target}, drawn.inputLengths(), classes, drawn.blank());
      double penalty = i % 3 == 0 ? 0.7 : 0;
      double[] offsets = new double[classes];
      offsets[batch.blank()] = -penalty;
      List<WildcardBruteForce.Path> all =
          new WildcardBruteForce(batch.logits()[0], target, wildcards, batch.blank(), offsets)
              .paths();
      CtcPath got = align(batch, wildcards, batch.options().withBlankPenalty(penalty));
      String what = Arrays.toString(target) + " with " + wildcards + ", draw " + i;
      assertEquals(all.isEmpty() ? CtcStatus.INFEASIBLE : CtcStatus.OK, got.status(), what);
      if (!all.isEmpty()) {
        double best = all.stream().mapToDouble(WildcardBruteForce.Path::weight).max().orElseThrow();
        int[] states = states(got);
        double weight =
            all.stream()
                .filter(path -> Arrays.equals(path.states(), states))
                .mapToDouble(WildcardBruteForce.Path::weight)
                .findFirst()
                .orElse(0);
        assertTrue(weight >= best * (1 - 1e-12), what + ": " + weight + ", best " + best);
      }
    }
  }

  private static int[] states(CtcPath path) {
    int[] states = new int[path.frames()];
    Arrays.setAll(states, path::state);
    return states;
  }

  @Test
  @DisplayName("Of equally good ones it is the one in the greatest state, from the last frame back")
  void ties() {
    for (int i = 0; i < draws(500); i++) {
      TestBatch drawn = TestBatch.random(random, 1 + random.nextInt(5), 1, 3, 4, 1).withAllFrames();
      for (double[] row : drawn.logits()[0]) {
        Arrays.setAll(row, c -> random.nextInt(2));
      }
      Wildcards wildcards = Wildcards.DEFAULT.withSkipCost(random.nextInt(3));
      List<WildcardBruteForce.Path> all =
          new WildcardBruteForce(
                  drawn.logits()[0], drawn.targets()[0], wildcards, drawn.blank(), new double[3])
              .paths();
      double best = all.stream().mapToDouble(WildcardBruteForce.Path::weight).max().orElseThrow();
      int[] expected =
          all.stream()
              .filter(path -> path.weight() > best * (1 - 1e-9))
              .map(WildcardBruteForce.Path::states)
              .max(Comparator.comparing(WildcardAlignerContract::reversed, Arrays::compare))
              .orElseThrow();
      CtcPath got = align(drawn, wildcards, drawn.options());
      assertArrayEquals(expected, states(got), "draw " + i);
    }
  }

  private static int[] reversed(int[] states) {
    int[] reversed = new int[states.length];
    Arrays.setAll(reversed, t -> states[states.length - 1 - t]);
    return reversed;
  }

  @Test
  @DisplayName("The path tells what each wildcard took, and what was left out")
  void report() {
    int[] said = {0, 3, 3, 2, 0, 0, 1, 0, 2, 3, 0, 2, 1, 1};
    double[][][] logits = new double[1][said.length][4];
    for (int t = 0; t < said.length; t++) {
      logits[0][t][said[t]] = 9;
    }
    int[] target = {F, 1, L, 2, 3, 1, F};
    TestBatch batch = new TestBatch(logits, new int[][] {target}, new int[] {said.length}, 4, 0);
    Wildcards wildcards = new Wildcards(0.5, 0.5, 6);
    CtcPath path = align(batch, wildcards, CtcOptions.DEFAULT);
    assertArrayEquals(new int[] {F, 1, L, 2, 1}, path.labels());
    assertArrayEquals(new int[] {4, 6}, path.skipped(), "the 3, and what nothing was left for");
    LabelSpan first = path.spans().get(0);
    assertEquals(F, first.label());
    assertEquals(1, first.start());
    assertEquals(4, first.end());
    assertEquals(0, first.logProbability(), "p of any class");
    LabelSpan run = path.spans().get(2);
    assertEquals(L, run.label());
    assertEquals(8, run.start());
    assertEquals(10, run.end());
    double others = 1 - 1 / (Math.exp(9) + 3);
    assertEquals(2 * Math.log(others), run.logProbability(), 1e-12);
    assertEquals(path.frames(), said.length);
    assertEquals(0, path.symbol(0));
    assertEquals(F, path.symbol(2));
    assertEquals(2, path.symbol(11));
  }

  @Test
  @DisplayName("A run of labels has its blanks in one span")
  void run() {
    int[] said = {0, 3, 0, 0, 2, 0, 1};
    double[][][] logits = new double[1][said.length][4];
    for (int t = 0; t < said.length; t++) {
      logits[0][t][said[t]] = 9;
    }
    TestBatch batch = new TestBatch(logits, new int[][] {{L, 1}}, new int[] {said.length}, 4, 0);
    CtcPath path = align(batch, Wildcards.DEFAULT.withLabelPenalty(0.1), CtcOptions.DEFAULT);
    assertArrayEquals(new int[] {L, 1}, path.labels());
    assertEquals(1, path.spans().get(0).start());
    assertEquals(5, path.spans().get(0).end());
  }

  @Test
  @DisplayName("Without wildcards in it, an utterance has the path of one that allows none")
  void plain() {
    TestBatch batch = TestBatch.random(random, 30, 5, 4, 8, 2);
    CtcBatch allowed =
        CtcBatch.of(
            batch.timeMajor(),
            Targets.of(batch.targets()).withWildcards(Wildcards.DEFAULT),
            batch.inputLengths());
    List<CtcPath> expected = aligner.align(batch.batch(), batch.options());
    List<CtcPath> got = aligner.align(allowed, batch.options());
    for (int n = 0; n < 5; n++) {
      assertEquals(expected.get(n).logProbability(), got.get(n).logProbability());
      assertArrayEquals(states(expected.get(n)), states(got.get(n)));
    }
  }

  @Test
  @DisplayName("Long utterances are traced back through blocks to the same path")
  void manyFrames() {
    int frames = draws(5000);
    int[] target = new int[3 * frames / 50];
    double[][][] logits = new double[1][frames][5];
    for (int i = 0; i < target.length; i++) {
      target[i] = i % 10 == 5 ? F : i % 10 == 8 ? L : 1 + i % 4;
    }
    for (double[] row : logits[0]) {
      Arrays.setAll(row, c -> (float) (3 * random.nextGaussian()));
    }
    TestBatch batch = new TestBatch(logits, new int[][] {target}, new int[] {frames}, 5, 0);
    Wildcards wildcards = new Wildcards(1.2, 0.7, 9);
    CtcPath path = align(batch, wildcards, CtcOptions.DEFAULT);
    // no loss of a sum over paths is above that of its best one; posteriors say where it is
    Targets targets = Targets.of(target).withWildcards(wildcards);
    CtcBatch whole = CtcBatch.of(batch.timeMajor(), targets);
    double loss;
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      loss = ctc.loss(whole).loss(0);
    }
    double cost = 0;
    for (int i : path.skipped()) {
      cost += wildcards.costOfPassing(target[i]);
    }
    for (LabelSpan span : path.spans()) {
      cost += span.label() == F ? 1.2 * span.frames() : 0;
    }
    for (int t = 0; t < frames; t++) {
      cost += path.symbol(t) == L ? 0.7 : 0;
    }
    assertTrue(-path.logProbability() + cost >= loss, "best path above the sum");
    int before = 0;
    for (LabelSpan span : path.spans()) {
      assertTrue(span.start() >= before && span.end() > span.start());
      before = span.end();
    }
    assertTrue(before <= frames);
  }
}
