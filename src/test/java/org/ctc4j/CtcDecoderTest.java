package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.ctc4j.host.Probabilities;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class CtcDecoderTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final BeamOptions EVERYTHING =
      BeamOptions.DEFAULT
          .withBeamWidth(1_000_000)
          .withNBest(1_000_000)
          .withTopClasses(Integer.MAX_VALUE);

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private final CtcDecoder decoder = CtcDecoder.create();

  private String replay() {
    return "-Dctc4j.seed=" + seed;
  }

  private static double[][] softmax(double[][] logits) {
    double[][] rows = new double[logits.length][];
    for (int t = 0; t < rows.length; t++) {
      double max = Arrays.stream(logits[t]).max().orElseThrow();
      double sum = Arrays.stream(logits[t]).map(x -> Math.exp(x - max)).sum();
      rows[t] = Arrays.stream(logits[t]).map(x -> Math.exp(x - max) / sum).toArray();
    }
    return rows;
  }

  /** The probability of every output, from all C^T paths. */
  private static Map<String, Double> outputs(double[][] p, int classes, int blank) {
    Map<String, Double> outputs = new TreeMap<>();
    for (int code = 0; code < Math.pow(classes, p.length); code++) {
      int[] path = new int[p.length];
      double probability = 1;
      for (int t = 0, rest = code; t < path.length; t++, rest /= classes) {
        path[t] = rest % classes;
        probability *= p[t][path[t]];
      }
      outputs.merge(Arrays.toString(BruteForce.collapse(path, blank)), probability, Double::sum);
    }
    return outputs;
  }

  private CtcNBest search(double[][] logits, int classes, int blank, BeamOptions beam) {
    return search(logits, classes, blank, beam, null);
  }

  private <S> CtcNBest search(
      double[][] logits, int classes, int blank, BeamOptions beam, BeamScorer<S> scorer) {
    double[] flat = Arrays.stream(logits).flatMapToDouble(Arrays::stream).toArray();
    FrameTensor tensor = FrameTensor.timeMajor(flat, logits.length, 1, classes);
    int[] lengths = {logits.length};
    CtcOptions options = CtcOptions.DEFAULT.withBlank(blank);
    return (scorer == null
            ? decoder.beamSearch(tensor, lengths, options, beam)
            : decoder.beamSearch(tensor, lengths, options, beam, scorer))
        .get(0);
  }

  @Test
  void logProbabilitiesThatCannotBeAnyAreRefused() {
    FrameTensor tensor =
        FrameTensor.timeMajor(new double[] {0, LOG_ZERO, Math.log(0.5), Math.log(0.125)}, 2, 1, 2);
    int[] lengths = {2};
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
    String expected =
        "logits: utterance 0, frame 1: probabilities sum to 0.6250, expected 1; give natural"
            + " logarithms for all classes; input LOGITS takes logits, SCORES takes scores that"
            + " need not sum to 1";
    assertEquals(
        expected,
        assertThrows(InvalidInputException.class, () -> decoder.greedy(tensor, lengths, options))
            .getMessage());
    assertEquals(
        expected,
        assertThrows(
                InvalidInputException.class,
                () -> decoder.beamSearch(tensor, lengths, options, BeamOptions.DEFAULT))
            .getMessage());
    CtcOptions scores = options.withInput(InputKind.SCORES);
    assertEquals(
        Math.log(0.5), decoder.greedy(tensor, lengths, scores).get(0).logProbability(), 1e-15);
    assertEquals(
        Math.log(0.5),
        decoder
            .beamSearch(tensor, lengths, scores, BeamOptions.DEFAULT)
            .get(0)
            .best()
            .logProbability(),
        1e-15);
  }

  @Test
  void probabilitiesDecodeAsTheirLogarithmsDo() {
    for (ElementType type : ElementType.values()) {
      TestBatch drawn = TestBatch.random(random, 20, 5, 7, 0, 3);
      FrameTensor p = CtcContract.softmax(drawn.timeMajor(), type);
      for (int t = 0; t < 20; t += 4) { // the least class wins
        for (int c = 0; c < 7; c++) {
          p.set(t, 1, c, c > 2 ? 0.25 : 0);
        }
      }
      int[] lengths = drawn.inputLengths();
      CtcOptions options = drawn.options().withInput(InputKind.PROBABILITIES);
      CtcOptions ofLogs = drawn.options().withInput(InputKind.LOG_PROBS);
      FrameTensor logs = p.zerosLike(ElementType.FLOAT64);
      for (int n = 0; n < 5; n++) {
        for (int t = 0; t < 20; t++) {
          for (int c = 0; c < 7; c++) {
            logs.set(t, n, c, Probabilities.log(p.get(t, n, c))); // that of the library, to the bit
          }
        }
      }
      List<CtcPath> paths = decoder.greedy(logs, lengths, ofLogs);
      List<CtcPath> gotPaths = decoder.greedy(p, lengths, options);
      BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(8).withNBest(3);
      List<CtcNBest> lists = decoder.beamSearch(logs, lengths, ofLogs, beam);
      List<CtcNBest> gotLists = decoder.beamSearch(p, lengths, options, beam);
      for (int n = 0; n < 5; n++) {
        assertArrayEquals(paths.get(n).labels(), gotPaths.get(n).labels(), replay());
        assertEquals(paths.get(n).logProbability(), gotPaths.get(n).logProbability(), replay());
        assertEquals(lists.get(n).status(), gotLists.get(n).status(), replay());
        for (int i = 0; i < lists.get(n).hypotheses().size(); i++) {
          CtcHypothesis expected = lists.get(n).hypotheses().get(i);
          CtcHypothesis got = gotLists.get(n).hypotheses().get(i);
          assertArrayEquals(expected.labels(), got.labels(), replay());
          assertEquals(expected.logProbability(), got.logProbability(), replay());
        }
      }
    }
  }

  /** Where each frame sums to 1.04, within what is taken for rounding. */
  @Test
  void noOutputIsLikelierThanCertainButOfScores() {
    double[][] p = new double[6][3];
    int[] path = {1, 1, 0, 2, 2, 0};
    FrameTensor tensor = FrameTensor.timeMajor(new double[18], 6, 1, 3);
    FrameTensor logs = FrameTensor.timeMajor(new double[18], 6, 1, 3);
    for (int t = 0; t < 6; t++) {
      for (int c = 0; c < 3; c++) {
        p[t][c] = c == path[t] ? 1 : 0.02;
        tensor.set(t, 0, c, p[t][c]);
        logs.set(t, 0, c, Math.log(p[t][c]));
      }
    }
    Map<String, Double> exact = outputs(p, 3, 0);
    assertTrue(exact.get("[1, 2]") > 1);
    for (InputKind kind : List.of(InputKind.PROBABILITIES, InputKind.LOG_PROBS, InputKind.SCORES)) {
      FrameTensor input = kind == InputKind.PROBABILITIES ? tensor : logs;
      CtcOptions options = CtcOptions.DEFAULT.withInput(kind);
      CtcNBest whole = decoder.beamSearch(input, options, EVERYTHING).get(0);
      CtcStream stream = decoder.stream(3, options, EVERYTHING);
      stream.add(input);
      for (CtcNBest nBest : List.of(whole, stream.nBest())) {
        assertEquals(exact.size(), nBest.hypotheses().size());
        for (CtcHypothesis output : nBest.hypotheses()) {
          double log = Math.log(exact.get(Arrays.toString(output.labels())));
          double expected = kind == InputKind.SCORES ? log : Math.min(0, log);
          assertEquals(expected, output.logProbability(), 1e-9, kind + " " + output);
          assertEquals(output.logProbability(), output.score(), kind + " " + output);
        }
        CtcBatch best = CtcBatch.of(input, Targets.of(nBest.best().labels()));
        try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
          assertTrue(nBest.best().logProbability() <= 1e-9 - ctc.loss(best, options).loss(0));
        }
      }
    }
  }

  @Test
  void whatIsNoProbabilityIsRefused() {
    FrameTensor tensor = FrameTensor.timeMajor(new double[] {1, 0, 0.5, -3}, 2, 1, 2);
    int[] lengths = {2};
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
    String expected =
        "logits: utterance 0, frame 1: class 1 has probability -3.0, expected a number in [0, 1];"
            + " are these logits? input LOGITS takes them";
    assertEquals(
        expected,
        assertThrows(InvalidInputException.class, () -> decoder.greedy(tensor, lengths, options))
            .getMessage());
    assertEquals(
        expected,
        assertThrows(
                InvalidInputException.class,
                () -> decoder.beamSearch(tensor, lengths, options, BeamOptions.DEFAULT))
            .getMessage());
  }

  private double[][] noise(int frames, int classes, double deviation) {
    double[][] logits = new double[frames][classes];
    for (double[] row : logits) {
      Arrays.setAll(row, c -> deviation * random.nextGaussian());
    }
    return logits;
  }

  @Test
  void aBeamThatHoldsEverythingHasTheProbabilityOfEveryOutput() {
    for (int i = 0; i < 150; i++) {
      int classes = 1 + random.nextInt(4);
      int frames = random.nextInt(classes > 3 ? 6 : 8);
      int blank = random.nextInt(classes);
      double[][] logits = noise(frames, classes, 2);
      Map<String, Double> expected = outputs(softmax(logits), classes, blank);
      CtcNBest got = search(logits, classes, blank, EVERYTHING);
      assertEquals(expected.size(), got.hypotheses().size(), replay());
      double sum = 0;
      double before = Double.POSITIVE_INFINITY;
      for (CtcHypothesis hypothesis : got.hypotheses()) {
        String labels = Arrays.toString(hypothesis.labels());
        double probability = Math.exp(hypothesis.logProbability());
        assertEquals(expected.get(labels), probability, 1e-13, labels + " " + replay());
        assertTrue(hypothesis.score() <= before, "the best first");
        before = hypothesis.score();
        sum += probability;
      }
      assertEquals(1, sum, 1e-12, replay());
    }
  }

  @Test
  void narrowBeamsNeverClaimMoreThanThereIs() {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      for (int i = 0; i < 60; i++) {
        int classes = 3 + random.nextInt(6);
        int frames = 1 + random.nextInt(40);
        double[][] logits = noise(frames, classes, 2);
        BeamOptions beam =
            new BeamOptions(
                1 + random.nextInt(20),
                20,
                1 + random.nextInt(classes),
                random.nextBoolean() ? LOG_ZERO : -4,
                random.nextBoolean() ? Double.POSITIVE_INFINITY : 3);
        double sum = 0;
        for (CtcHypothesis hypothesis : search(logits, classes, 0, beam).hypotheses()) {
          sum += Math.exp(hypothesis.logProbability());
          TestBatch exact =
              new TestBatch(
                  new double[][][] {logits},
                  new int[][] {hypothesis.labels()},
                  new int[] {frames},
                  classes,
                  0);
          double loss = ctc.loss(exact.batch(), exact.options()).loss(0);
          assertTrue(hypothesis.logProbability() <= -loss + 1e-5, replay());
        }
        assertTrue(sum <= 1 + 1e-12, sum + " " + replay());
      }
    }
  }

  /** Prefix beam search as in the papers, with maps of label lists. */
  private static List<Map.Entry<List<Integer>, Double>> byMaps(
      double[][] p, int blank, BeamOptions options, BeamScorer<?> scorer) {
    Map<List<Integer>, double[]> beam = new HashMap<>();
    beam.put(List.of(), new double[] {0, LOG_ZERO});
    for (double[] row : p) {
      Map<List<Integer>, double[]> next = new HashMap<>();
      for (Map.Entry<List<Integer>, double[]> entry : beam.entrySet()) {
        List<Integer> prefix = entry.getKey();
        double b = entry.getValue()[0];
        double n = entry.getValue()[1];
        int last = prefix.isEmpty() ? -1 : prefix.get(prefix.size() - 1);
        for (int c = 0; c < row.length; c++) {
          double y = Math.log(row[c]);
          if (c == blank) {
            add(next, prefix, 0, add(b, n) + y);
            continue;
          }
          List<Integer> longer = new ArrayList<>(prefix);
          longer.add(c);
          if (c == last) {
            add(next, prefix, 1, n + y);
          }
          add(next, longer, 1, (c == last ? b : add(b, n)) + y);
        }
      }
      beam = new HashMap<>();
      List<Map.Entry<List<Integer>, Double>> ranked = ranked(next, scorer, false);
      double least = ranked.get(0).getValue() - options.beamThreshold();
      for (Map.Entry<List<Integer>, Double> entry : ranked) {
        if (beam.size() < options.beamWidth() && entry.getValue() > least) {
          beam.put(entry.getKey(), next.get(entry.getKey()));
        }
      }
    }
    return ranked(beam, scorer, true);
  }

  private static <S> double bonus(BeamScorer<S> scorer, List<Integer> prefix, boolean end) {
    if (scorer == null) {
      return 0;
    }
    double sum = 0;
    S state = scorer.start();
    for (int label : prefix) {
      sum += scorer.score(state, label);
      state = scorer.next(state, label);
    }
    return end ? sum + scorer.end(state) : sum;
  }

  private static List<Map.Entry<List<Integer>, Double>> ranked(
      Map<List<Integer>, double[]> beam, BeamScorer<?> scorer, boolean end) {
    List<Map.Entry<List<Integer>, Double>> ranked = new ArrayList<>();
    beam.forEach((k, v) -> ranked.add(Map.entry(k, add(v[0], v[1]) + bonus(scorer, k, end))));
    ranked.sort(Comparator.comparing((Map.Entry<List<Integer>, Double> e) -> -e.getValue()));
    return ranked;
  }

  private static double add(double a, double b) {
    double max = Math.max(a, b);
    return max == LOG_ZERO ? max : max + Math.log(Math.exp(a - max) + Math.exp(b - max));
  }

  private static void add(Map<List<Integer>, double[]> into, List<Integer> key, int at, double x) {
    double[] sums = into.computeIfAbsent(key, k -> new double[] {LOG_ZERO, LOG_ZERO});
    sums[at] = add(sums[at], x);
  }

  /**
   * The greedy output before those of a beam, where it is better than all of them, or the best with
   * less than its best path.
   */
  private List<Map.Entry<List<Integer>, Double>> withGreedy(
      double[][] logits, List<Map.Entry<List<Integer>, Double>> beam, HotWords scorer) {
    int[] greedy = collapsedArgmax(logits, 1);
    List<Integer> labels = Arrays.stream(greedy).boxed().toList();
    double bonus = bonus(scorer, labels, true);
    double score = exact(logits, greedy, 1) + bonus;
    List<Integer> best = beam.get(0).getKey();
    int[] bestLabels = best.stream().mapToInt(Integer::intValue).toArray();
    double path = Arrays.stream(softmax(logits)).mapToDouble(r -> Math.log(max(r))).sum();
    boolean first = best.equals(labels);
    if (first && beam.get(0).getValue() >= path + bonus - 1e-9
        || !first && score <= exact(logits, bestLabels, 1) + bonus(scorer, best, true) + 1e-9) {
      return beam;
    }
    List<Map.Entry<List<Integer>, Double>> all = new ArrayList<>(beam);
    all.removeIf(entry -> entry.getKey().equals(labels));
    all.add(0, Map.entry(labels, score));
    return all;
  }

  private static int[] collapsedArgmax(double[][] logits, int blank) {
    int[] argmax = new int[logits.length];
    for (int t = 0; t < argmax.length; t++) {
      for (int c = 1; c < logits[t].length; c++) {
        argmax[t] = logits[t][c] > logits[t][argmax[t]] ? c : argmax[t];
      }
    }
    return BruteForce.collapse(argmax, blank);
  }

  /** ln p of labels, by the reference. */
  private static double exact(double[][] logits, int[] labels, int blank) {
    if (logits.length == 0) {
      return labels.length == 0 ? 0 : LOG_ZERO;
    }
    int classes = logits[0].length;
    double[] flat = Arrays.stream(logits).flatMapToDouble(Arrays::stream).toArray();
    CtcBatch batch =
        CtcBatch.of(FrameTensor.timeMajor(flat, logits.length, 1, classes), Targets.of(labels));
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      return -ctc.loss(batch, CtcOptions.DEFAULT.withBlank(blank)).loss(0);
    }
  }

  /** Classes are impossible here and there, so that prefixes die and the beam shrinks. */
  @Test
  void aBeamThatShrinksHoldsNothingOfWhatItWas() {
    for (int i = 0; i < 300; i++) {
      double[][] logits = noise(1 + random.nextInt(6), 4, 2);
      for (double[] row : logits) {
        int possible = random.nextInt(4);
        Arrays.setAll(row, c -> c != possible && random.nextInt(3) > 0 ? LOG_ZERO : row[c]);
      }
      Map<String, Double> expected = outputs(softmax(logits), 4, 0);
      expected.values().removeIf(p -> p == 0);
      List<CtcHypothesis> got = search(logits, 4, 0, EVERYTHING).hypotheses();
      assertEquals(expected.size(), got.size(), replay());
      for (CtcHypothesis hypothesis : got) {
        double probability = expected.get(Arrays.toString(hypothesis.labels()));
        assertEquals(probability, Math.exp(hypothesis.logProbability()), 1e-13, replay());
      }
    }
  }

  private void assertSameAsByMaps(int frames, int classes, int width, HotWords scorer) {
    assertSameAsByMaps(frames, classes, EVERYTHING.withBeamWidth(width), scorer);
  }

  private void assertSameAsByMaps(int frames, int classes, BeamOptions beam, HotWords scorer) {
    double[][] logits = noise(frames, classes, 1);
    var expected = withGreedy(logits, byMaps(softmax(logits), 1, beam, scorer), scorer);
    List<CtcHypothesis> got = search(logits, classes, 1, beam, scorer).hypotheses();
    assertEquals(expected.size(), got.size(), replay());
    for (int k = 0; k < got.size(); k++) {
      List<Integer> labels = Arrays.stream(got.get(k).labels()).boxed().toList();
      assertEquals(expected.get(k).getKey(), labels, k + " " + replay());
      assertEquals(expected.get(k).getValue(), got.get(k).score(), 1e-9, replay());
    }
  }

  @Test
  void narrowBeamsAreThoseOfTheTextbook() {
    for (int i = 0; i < 40; i++) {
      assertSameAsByMaps(random.nextInt(60), 2 + random.nextInt(6), 1 + random.nextInt(12), null);
    }
    for (int i = 0; i < 200; i++) { // a beam that has lost paths of its best
      assertSameAsByMaps(2 + random.nextInt(10), 3 + random.nextInt(3), 1 + i % 2, null);
    }
    for (int i = 0; i < 100; i++) {
      BeamOptions beam =
          EVERYTHING.withBeamWidth(1 + random.nextInt(30)).withBeamThreshold(random.nextDouble(8));
      assertSameAsByMaps(random.nextInt(30), 3 + random.nextInt(4), beam, null);
    }
    for (int i = 0; i < 100; i++) {
      HotWords hot =
          HotWords.of(List.of(new int[] {0, 2}, new int[] {2, 0, 2}), random.nextGaussian());
      BeamOptions beam =
          EVERYTHING
              .withBeamWidth(1 + random.nextInt(12))
              .withBeamThreshold(i % 2 == 0 ? Double.POSITIVE_INFINITY : random.nextDouble(8));
      assertSameAsByMaps(random.nextInt(30), 3 + random.nextInt(4), beam, hot);
    }
    assertSameAsByMaps(
        3000, 5, 30, null); // long enough for the trie to be cleared of what is unused
  }

  /** What a search considers: the most probable classes, no class less probable than another. */
  private double[][] pruned(double[][] p, int top, double least) {
    double[][] kept = new double[p.length][];
    for (int t = 0; t < p.length; t++) {
      double[] row = p[t];
      double[] sorted = Arrays.stream(row).sorted().toArray();
      double cut = Math.max(sorted[row.length - top], Math.min(least, sorted[row.length - 1]));
      kept[t] = Arrays.stream(row).map(x -> x >= cut ? x : 0).toArray();
    }
    return kept;
  }

  @Test
  void noBeamIsWorseThanTheGreedyOutput() {
    for (int i = 0; i < 600; i++) {
      int classes = 2 + random.nextInt(3);
      int blank = random.nextInt(classes);
      double[][] logits = noise(random.nextInt(7), classes, 0.2 + 2 * random.nextDouble());
      int top = 1 + random.nextInt(classes);
      double least = random.nextBoolean() ? 0 : 0.3 * random.nextDouble();
      double[][] p = pruned(softmax(logits), top, least);
      Map<String, Double> all = outputs(p, classes, blank);
      int[] greedy = collapsedArgmax(logits, blank);
      HotWords scorer =
          random.nextBoolean()
              ? null
              : HotWords.of(List.of(new int[] {(blank + 1) % classes}), random.nextGaussian());
      double its =
          Math.log(all.get(Arrays.toString(greedy)))
              + bonus(scorer, Arrays.stream(greedy).boxed().toList(), true);
      for (int width = 1; width <= 8; width++) {
        BeamOptions beam =
            BeamOptions.DEFAULT
                .withBeamWidth(width)
                .withNBest(1 + random.nextInt(10))
                .withTopClasses(top)
                .withMinLogProbability(Math.log(least));
        List<CtcHypothesis> got = search(logits, classes, blank, beam, scorer).hypotheses();
        CtcHypothesis best = got.get(0);
        double path = Arrays.stream(p).mapToDouble(r -> Math.log(max(r))).sum();
        if (Arrays.equals(greedy, best.labels())) {
          assertTrue(best.logProbability() >= path - 1e-9, "its best path at least; " + replay());
        } else {
          double score =
              Math.log(all.get(Arrays.toString(best.labels())))
                  + bonus(scorer, Arrays.stream(best.labels()).boxed().toList(), true);
          assertTrue(score >= its - 1e-9, best + " < " + its + " " + replay());
        }
        Set<String> seen = new HashSet<>();
        for (CtcHypothesis hypothesis : got) {
          String labels = Arrays.toString(hypothesis.labels());
          assertTrue(seen.add(labels), "no labels twice");
          assertTrue(hypothesis.logProbability() <= Math.log(all.get(labels)) + 1e-9, replay());
        }
        assertTrue(got.size() <= beam.nBest());
      }
    }
  }

  /** Makes label 1 so unlikely that no beam holds it, and takes that back in the end. */
  private static final BeamScorer<Integer> LATE_FOR_1 =
      new BeamScorer<>() {
        @Override
        public Integer start() {
          return 0;
        }

        @Override
        public double score(Integer ones, int label) {
          return label == 1 ? -0x1p20 : 0;
        }

        @Override
        public Integer next(Integer ones, int label) {
          return label == 1 ? ones + 1 : ones;
        }

        @Override
        public double end(Integer ones) {
          return 0x1p20 * ones;
        }
      };

  /** Flat logits, whose greedy output has a probability far below what a float64 can hold. */
  @Tag("long")
  @Test
  void theProbabilityOfAGreedyOutputOfAnyLengthIsExact() {
    for (int i = 0; i < 60; i++) {
      int frames = i < 4 ? new int[] {300, 600, 1500, 3000}[i] : 5 + random.nextInt(50);
      for (double deviation : new double[] {0.5, 1, 5}) {
        double[][] logits = noise(frames, 12, deviation);
        logits[frames / 2][1] += 0x1p14; // no output without a 1 is as good
        int[] greedy = collapsedArgmax(logits, 0);
        CtcHypothesis best = search(logits, 12, 0, EVERYTHING.withBeamWidth(1), LATE_FOR_1).best();
        assertArrayEquals(greedy, best.labels(), replay());
        double exact = exact(logits, greedy, 0);
        assertEquals(exact, best.logProbability(), 1e-11 * -exact, replay());
      }
    }
  }

  @Test
  void inputThatAddsUpToMoreThanOneIsNotLost() {
    for (double most : new double[] {0, 3, 700}) {
      int frames = 900;
      double[][] logits = new double[frames][3];
      double[] flat = new double[frames * 3];
      Arrays.setAll(flat, i -> most - 0.01 * random.nextDouble());
      for (int i = 0; i < flat.length; i++) {
        logits[i / 3][i % 3] = flat[i];
      }
      CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.SCORES);
      FrameTensor tensor = FrameTensor.timeMajor(flat, frames, 1, 3);
      CtcHypothesis best =
          decoder
              .beamSearch(tensor, new int[] {frames}, options, BeamOptions.DEFAULT.withBeamWidth(1))
              .get(0)
              .best();
      CtcBatch batch = CtcBatch.of(tensor, Targets.of(collapsedArgmax(logits, 0)));
      try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
        double exact = -ctc.loss(batch, options).loss(0);
        assertEquals(exact, best.logProbability(), 1e-9 * Math.abs(exact), replay());
      }
    }
  }

  @Test
  void noProbabilityIsMoreThanOne() {
    for (int i = 0; i < 300; i++) {
      int classes = 1 + random.nextInt(4);
      double[][] logits = noise(1 + random.nextInt(i % 2 == 0 ? 60 : 4), classes, 1);
      int sure = random.nextInt(classes);
      for (double[] row : logits) {
        double margin = 30 + random.nextInt(20);
        row[random.nextInt(8) == 0 ? random.nextInt(classes) : sure] += margin;
        if (random.nextInt(4) == 0) { // at the beginning or the end the output is as sure with it
          row[0] = row[sure] + random.nextDouble();
        }
      }
      for (CtcHypothesis hypothesis :
          search(logits, classes, 0, EVERYTHING.withBeamWidth(20)).hypotheses()) {
        double logProb = hypothesis.logProbability();
        assertTrue(logProb <= 0, logProb + " " + replay());
        assertFalse(1 / logProb == LOG_ZERO && logProb == 0, "-0; " + replay());
      }
      TestBatch batch =
          new TestBatch(
              new double[][][] {logits}, new int[1][0], new int[] {logits.length}, classes, 0);
      CtcPath path =
          decoder.greedy(batch.timeMajor(), batch.inputLengths(), batch.options()).get(0);
      assertTrue(path.logProbability() <= 0, replay());
      path.spans().forEach(span -> assertTrue(span.confidence() <= 1, replay()));
    }
  }

  private static double max(double[] row) {
    return Arrays.stream(row).max().orElseThrow();
  }

  @Test
  void noBeamOverALongBatchIsWorseThanGreedy() {
    for (int i = 0; i < 12; i++) {
      TestBatch batch = TestBatch.random(random, 1 + random.nextInt(80), 4, 8, 3, 2);
      List<CtcPath> greedy =
          decoder.greedy(batch.timeMajor(), batch.inputLengths(), batch.options());
      for (int width = 1; width <= 8; width++) {
        BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(width);
        List<CtcNBest> got =
            decoder.beamSearch(batch.timeMajor(), batch.inputLengths(), batch.options(), beam);
        for (int n = 0; n < 4; n++) {
          double[][] logits = batch.alone(n).logits()[0];
          CtcHypothesis best = got.get(n).best();
          double its = exact(logits, greedy.get(n).labels(), batch.blank());
          double found = exact(logits, best.labels(), batch.blank());
          assertTrue(found >= its - 1e-9 * Math.abs(its), replay());
        }
      }
    }
  }

  /** Ties that only the rounding of a logarithm makes: greedy looks at the logits themselves. */
  @Test
  void theGreedyClassIsNeverLeftOut() {
    FrameTensor logits =
        FrameTensor.timeMajor(new float[] {0, 1e-30f, -1e-30f, 0, -3e-38f, 1e-38f}, 2, 1, 3);
    int[] lengths = {2};
    CtcOptions options = CtcOptions.DEFAULT.withBlank(2);
    int[] greedy = decoder.greedy(logits, lengths, options).get(0).labels();
    BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(1).withTopClasses(1);
    int[] labels = decoder.beamSearch(logits, lengths, options, beam).get(0).best().labels();
    assertArrayEquals(new int[] {1}, greedy);
    assertArrayEquals(greedy, labels);
  }

  @Test
  void aBeamThatAScorerEmptiesLeavesTheGreedyOutput() {
    // after label 1, which the beam of one prefers, nothing may follow or end
    double[][] logits = {{0, 2, 2.5}, {-9, -9, 9}, {-9, -9, 9}};
    BeamScorer<Integer> scorer =
        new BeamScorer<>() {
          @Override
          public Integer start() {
            return -1;
          }

          @Override
          public double score(Integer last, int label) {
            return last == 1 ? LOG_ZERO : label == 1 ? 3 : 0;
          }

          @Override
          public Integer next(Integer last, int label) {
            return label;
          }

          @Override
          public double end(Integer last) {
            return last == 1 ? LOG_ZERO : 0;
          }
        };
    CtcNBest got = search(logits, 3, 0, EVERYTHING.withBeamWidth(1), scorer);
    assertArrayEquals(new int[] {2}, got.best().labels());
    assertEquals(1, got.hypotheses().size());
    assertEquals(exact(logits, new int[] {2}, 0), got.best().score(), 1e-12);
  }

  @Test
  void hotWordsAddTheirBonusPerOccurrence() {
    List<int[]> words = List.of(new int[] {2, 3}, new int[] {2, 3, 2}, new int[] {0, 2});
    HotWords hot = HotWords.of(words, 0.7);
    assertEquals(0.7 * (2 + 3 + 2), bonus(hot, List.of(2, 3, 2, 3), true), 1e-12);
    assertEquals(0.7 * 2, bonus(hot, List.of(3, 0, 2), true), 1e-12);
    assertEquals(0, bonus(hot, List.of(3, 2, 2, 9, 0), true), 1e-12, "what is begun is taken back");
    for (int i = 0; i < 20; i++) {
      assertSameAsByMaps(random.nextInt(40), 5, 1 + random.nextInt(12), hot);
    }
    assertThrows(InvalidInputException.class, () -> HotWords.of(List.of(new int[0]), 1));
    assertThrows(InvalidInputException.class, () -> HotWords.of(words, Double.POSITIVE_INFINITY));
  }

  /** What hot words add to labels, by looking for each at every place. */
  private static double occurrences(List<int[]> words, double bonus, int[] labels) {
    double sum = 0;
    for (int[] word : words) {
      for (int from = 0; from + word.length <= labels.length; from++) {
        int to = from + word.length;
        sum += Arrays.equals(word, 0, word.length, labels, from, to) ? bonus * word.length : 0;
      }
    }
    return sum;
  }

  @Test
  void hotWordsAreFoundWhereverTheyAre() {
    for (int i = 0; i < 300; i++) {
      int classes = 1 + random.nextInt(3);
      int stride = 1 + random.nextInt(50_000); // labels far apart, too
      Map<String, int[]> words = new TreeMap<>();
      for (int k = random.nextInt(8); k > 0; k--) {
        int[] word = random.ints(1 + random.nextInt(6), 0, classes).map(c -> c * stride).toArray();
        words.put(Arrays.toString(word), word);
      }
      List<int[]> list = List.copyOf(words.values());
      int[] labels = random.ints(random.nextInt(40), 0, classes).map(c -> c * stride).toArray();
      double expected = occurrences(list, 0.5, labels);
      List<Integer> boxed = Arrays.stream(labels).boxed().toList();
      assertEquals(expected, bonus(HotWords.of(list, 0.5), boxed, true), 1e-9, replay());
    }
  }

  @Test
  void hotWordsMayBeOfAnyLength() {
    int[] phrase = random.ints(100_000, 0, 3).toArray();
    int[] same = new int[100_000];
    HotWords hot = HotWords.of(List.of(phrase, same), 0.5);
    List<Integer> labels = Arrays.stream(phrase).boxed().toList();
    assertEquals(0.5 * 100_000, bonus(hot, labels, true), 1e-9, replay());
    assertEquals(0, bonus(hot, labels.subList(0, 99_999), true), 1e-9, replay());
    HotWords.Match match = hot.start();
    for (int i = 0; i < same.length; i++) {
      match = hot.next(match, 0);
      hot.score(match, 1); // looks for a shorter beginning of a word that goes on with 1
    }
    assertEquals(0, hot.end(match), "completed");
    assertEquals(0.5 * 100_000, hot.score(match, 0), "and once more");
  }

  @Test
  void hotWordsThatTheLogitsCannotHaveAreRefusedBeforeAnyWork() {
    double[][] logits = {{Double.NaN, 0, 0}};
    for (int[] word : new int[][] {{1, 3}, {1, Integer.MAX_VALUE - 1}}) {
      assertRefused(word, logits, "word 1 has label " + word[1] + " at position 1", "[0, 3)");
    }
    assertRefused(new int[] {2, 1, 0}, logits, "word 1 has the blank, 0, at position 2");
    for (int[] word : new int[][] {{-1}, {Integer.MIN_VALUE}, {Integer.MAX_VALUE}}) {
      assertRefused(word, logits, "word 1 has label " + word[0] + " at position 0");
    }
    assertRefused(new int[0], logits, "word 1 is empty");
  }

  private void assertRefused(int[] word, double[][] logits, String... parts) {
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class,
            () -> search(logits, 3, 0, EVERYTHING, HotWords.of(List.of(new int[] {1}, word), 1)));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e::getMessage);
    }
  }

  @Test
  void aScorerIsAddedToEveryOutput() {
    BeamScorer<Integer> lengths =
        new BeamScorer<>() {
          @Override
          public Integer start() {
            return 0;
          }

          @Override
          public double score(Integer length, int label) {
            return label == 2 ? LOG_ZERO : 0.25 * length;
          }

          @Override
          public Integer next(Integer length, int label) {
            return length + 1;
          }

          @Override
          public double end(Integer length) {
            return -length;
          }
        };
    for (int i = 0; i < 30; i++) {
      double[][] logits = noise(1 + random.nextInt(6), 4, 2);
      Map<String, Double> expected = outputs(softmax(logits), 4, 0);
      List<CtcHypothesis> got = search(logits, 4, 0, EVERYTHING, lengths).hypotheses();
      assertEquals(expected.keySet().stream().filter(k -> !k.contains("2")).count(), got.size());
      for (CtcHypothesis hypothesis : got) {
        int length = hypothesis.labels().length;
        double logProb = Math.log(expected.get(Arrays.toString(hypothesis.labels())));
        assertEquals(logProb, hypothesis.logProbability(), 1e-9, replay());
        double added = 0.25 * length * (length - 1) / 2 - length;
        assertEquals(logProb + added, hypothesis.score(), 1e-9, replay());
      }
    }
  }

  /** Ends where {@code allowed} says so, after what number of labels. */
  private static BeamScorer<Integer> endingAt(IntPredicate allowed) {
    return new BeamScorer<>() {
      @Override
      public Integer start() {
        return 0;
      }

      @Override
      public double score(Integer length, int label) {
        return 0;
      }

      @Override
      public Integer next(Integer length, int label) {
        return length + 1;
      }

      @Override
      public double end(Integer length) {
        return allowed.test(length) ? 0 : LOG_ZERO;
      }
    };
  }

  @Test
  void outputsWhoseEndIsForbiddenAreNone() {
    for (int i = 0; i < 50; i++) {
      double[][] logits = noise(1 + random.nextInt(6), 3, 2);
      Map<String, Double> all = outputs(softmax(logits), 3, 0);
      int length = random.nextInt(4);
      String pattern = "\\[(\\d(, )?){" + length + "}\\]";
      all.keySet().removeIf(labels -> !labels.matches(pattern));
      CtcNBest got = search(logits, 3, 0, EVERYTHING, endingAt(l -> l == length));
      List<String> labels =
          got.hypotheses().stream().map(h -> Arrays.toString(h.labels())).sorted().toList();
      assertEquals(List.copyOf(all.keySet()), labels, replay());
      assertEquals(all.isEmpty() ? CtcStatus.INFEASIBLE : CtcStatus.OK, got.status());
      got.hypotheses().forEach(h -> assertTrue(Double.isFinite(h.score()), replay()));
    }
    CtcNBest none = search(noise(4, 3, 1), 3, 0, EVERYTHING, endingAt(l -> false));
    assertEquals(CtcStatus.INFEASIBLE, none.status());
    IllegalStateException e = assertThrows(IllegalStateException.class, none::best);
    assertTrue(e.getMessage().contains("INFEASIBLE"), e::getMessage);
  }

  @Test
  void whatIsNoNumberToAddIsRefused() {
    for (int width : new int[] {1, 100}) {
      for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
        double[][][] logits = new double[2][3][3];
        logits[1] = new double[][] {{0, 9, 0}, {9, 0, 0}, {0, 0, 9}};
        // only utterance 1 is asked about: the other has no frames
        TestBatch batch = new TestBatch(logits, new int[2][0], new int[] {0, 3}, 3, 0);
        BeamScorer<List<Integer>> wrongAtTheEnd = answering(List.of(1, 2), -1, value);
        BeamScorer<List<Integer>> wrongAfterOne = answering(List.of(1), 2, value);
        assertRefused(
            batch, width, wrongAtTheEnd, "end(state)", "after the labels [1, 2]", "" + value);
        assertRefused(
            batch, width, wrongAfterOne, "score(state, 2)", "after the labels [1],", "" + value);
      }
    }
    TestBatch long1 = new TestBatch(new double[1][60][2], new int[1][0], new int[] {60}, 2, 0);
    for (int t = 0; t < 60; t++) {
      long1.logits()[0][t][t % 2] = 50;
    }
    BeamScorer<Integer> most = Method.SCORE.with(() -> 1e307);
    assertRefused(
        long1, 1, most, "score(state, 1)", "after the labels [1, 1, ", "all that it adds");
    BeamScorer<List<Integer>> late = answering(Collections.nCopies(30, 1), -1, Double.NaN);
    assertRefused(long1, 1, late, "after 30 labels that end in [1, 1,", "utterance 0");
  }

  /** Answers {@code value} about one prefix: for one label, or for the end if that is −1. */
  private static BeamScorer<List<Integer>> answering(
      List<Integer> prefix, int about, double value) {
    return new BeamScorer<>() {
      @Override
      public List<Integer> start() {
        return List.of();
      }

      @Override
      public double score(List<Integer> state, int label) {
        return state.equals(prefix) && label == about ? value : 0;
      }

      @Override
      public List<Integer> next(List<Integer> state, int label) {
        return Stream.concat(state.stream(), Stream.of(label)).toList();
      }

      @Override
      public double end(List<Integer> state) {
        return about < 0 && state.equals(prefix) ? value : 0;
      }
    };
  }

  private void assertRefused(TestBatch batch, int width, BeamScorer<?> scorer, String... parts) {
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class,
            () ->
                decoder.beamSearch(
                    batch.timeMajor(),
                    batch.inputLengths(),
                    batch.options(),
                    BeamOptions.DEFAULT.withBeamWidth(width),
                    scorer));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e::getMessage);
    }
    int last = batch.utterances() - 1;
    assertTrue(e.getMessage().contains("in utterance " + last), e::getMessage);
  }

  /** Throws what need not be declared, as Kotlin and Scala do. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneak(Throwable thrown) throws E {
    throw (E) thrown;
  }

  /** A scorer that adds 0, but in one method does something else. */
  private enum Method {
    START,
    SCORE,
    NEXT,
    END;

    BeamScorer<Integer> with(DoubleSupplier instead) {
      return new BeamScorer<>() {
        private double call(Method method) {
          return method == Method.this ? instead.getAsDouble() : 0;
        }

        @Override
        public Integer start() {
          return (int) call(START);
        }

        @Override
        public double score(Integer state, int label) {
          return call(SCORE);
        }

        @Override
        public Integer next(Integer state, int label) {
          return (int) call(NEXT);
        }

        @Override
        public double end(Integer state) {
          return call(END);
        }
      };
    }
  }

  @Test
  void whatAScorerThrowsComesToTheCallerAsItIs() {
    TestBatch batch = TestBatch.random(random, 9, 6, 4, 3, 1);
    for (Throwable thrown :
        List.of(
            new IOException("checked"),
            new InterruptedException("checked"),
            new Throwable("neither exception nor error"),
            new IllegalStateException("unchecked"),
            new AssertionError("error"),
            new StackOverflowError("error of the machine"))) {
      for (Method method : Method.values()) {
        BeamScorer<Integer> scorer =
            method.with(
                () -> {
                  CtcDecoderTest.<RuntimeException>sneak(thrown);
                  return 0;
                });
        for (int threads : new int[] {1, 2, 5}) {
          CtcDecoder several = CtcDecoder.create(EngineOptions.DEFAULT.withThreads(threads));
          Throwable got =
              assertThrows(
                  Throwable.class,
                  () ->
                      several.beamSearch(
                          batch.timeMajor(),
                          batch.inputLengths(),
                          batch.options(),
                          BeamOptions.DEFAULT,
                          scorer));
          assertSame(thrown, got, method + " on " + threads + " threads");
        }
      }
    }
  }

  @Test
  void classesThatAreLeftOutAreImpossibleInTheirFrame() {
    for (int i = 0; i < 50; i++) {
      double[][] logits = noise(6, 4, 2);
      int top = 1 + random.nextInt(4);
      double least = Math.log(0.15);
      double[][] p = softmax(logits);
      for (double[] row : p) {
        double[] sorted = Arrays.stream(row).sorted().toArray();
        for (int c = 0; c < 4; c++) {
          boolean kept = row[c] >= sorted[4 - top] && row[c] >= Math.min(0.15, sorted[3]);
          row[c] = kept ? row[c] : 0;
        }
      }
      Map<String, Double> expected = outputs(p, 4, 0);
      expected.values().removeIf(x -> x == 0);
      CtcNBest got =
          search(logits, 4, 0, EVERYTHING.withTopClasses(top).withMinLogProbability(least));
      assertEquals(expected.size(), got.hypotheses().size(), replay());
      for (CtcHypothesis hypothesis : got.hypotheses()) {
        double probability = expected.get(Arrays.toString(hypothesis.labels()));
        assertEquals(probability, Math.exp(hypothesis.logProbability()), 1e-12, replay());
      }
    }
  }

  @Test
  void greedyIsTheCollapseOfTheArgmaxPath() {
    for (int i = 0; i < 100; i++) {
      TestBatch batch = TestBatch.random(random, 20, 4, 5, 3, 2);
      List<CtcPath> got = decoder.greedy(batch.timeMajor(), batch.inputLengths(), batch.options());
      for (int n = 0; n < 4; n++) {
        double[][] p = softmax(batch.alone(n).logits()[0]);
        int[] argmax = new int[p.length];
        double sum = 0;
        for (int t = 0; t < p.length; t++) {
          for (int c = 1; c < 5; c++) {
            argmax[t] = p[t][c] > p[t][argmax[t]] ? c : argmax[t];
          }
          assertEquals(argmax[t], got.get(n).symbol(t), replay());
          sum += Math.log(p[t][argmax[t]]);
        }
        int[] labels = BruteForce.collapse(argmax, batch.blank());
        assertArrayEquals(labels, got.get(n).labels(), replay());
        assertEquals(sum, got.get(n).logProbability(), 1e-12, replay());
        assertEquals(labels.length, got.get(n).spans().size());
        for (int k = 0; k < labels.length; k++) {
          LabelSpan span = got.get(n).spans().get(k);
          assertEquals(labels[k], span.label());
          double confidence = 1;
          for (int t = span.start(); t < span.end(); t++) {
            assertEquals(labels[k], argmax[t]);
            confidence *= p[t][labels[k]];
          }
          assertEquals(Math.pow(confidence, 1.0 / span.frames()), span.confidence(), 1e-12);
        }
      }
    }
  }

  @Test
  void greedyTakesTheLeastOfEqualClasses() {
    FrameTensor same = FrameTensor.timeMajor(new float[6], 2, 1, 3);
    CtcOptions options = CtcOptions.DEFAULT.withBlank(2);
    assertArrayEquals(new int[] {0}, decoder.greedy(same, new int[] {2}, options).get(0).labels());
  }

  @Test
  void whatIsNotFiniteOrImpossibleIsSaidPerUtterance() {
    double[][][] logits = new double[4][2][3];
    logits[1][1][2] = Double.NaN;
    logits[2][0] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    logits[3][1][0] = Double.NaN; // not used
    TestBatch batch = new TestBatch(logits, new int[4][0], new int[] {2, 2, 2, 0}, 3, 0);
    List<CtcStatus> expected =
        List.of(CtcStatus.OK, CtcStatus.NOT_FINITE, CtcStatus.INFEASIBLE, CtcStatus.OK);
    FrameTensor tensor = batch.timeMajor();
    List<CtcPath> greedy = decoder.greedy(tensor, batch.inputLengths(), batch.options());
    assertEquals(expected, greedy.stream().map(CtcPath::status).toList());
    List<CtcNBest> beam =
        decoder.beamSearch(tensor, batch.inputLengths(), batch.options(), BeamOptions.DEFAULT);
    assertEquals(expected, beam.stream().map(CtcNBest::status).toList());
    assertEquals(0, beam.get(3).best().logProbability());
    assertThrows(IllegalStateException.class, () -> beam.get(1).best());
  }

  @Test
  void afterACallNothingOfTheCallersIsHeld() {
    Collected collected = new Collected();
    List<Object> results = decodeWatched(collected);
    collected.assertAll(() -> results.size() + " results, which are still there; " + replay());
  }

  private List<Object> decodeWatched(Collected collected) {
    TestBatch of = TestBatch.random(random, 40, 3, 9, 8, 2);
    FrameTensor logits = collected.watch("logits", of.timeMajor());
    collected.watch("numbers", logits.elements().storage());
    int[] lengths = collected.watch("lengths", of.inputLengths().clone());
    HotWords words = collected.watch("scorer", HotWords.of(List.of(new int[] {3, 2}), 1));
    BeamOptions beam = BeamOptions.DEFAULT;
    CtcOptions options = of.options().withBlank(0);
    return List.of(
        decoder.greedy(logits, lengths, options),
        decoder.beamSearch(logits, lengths, options, beam),
        decoder.beamSearch(logits, lengths, options, beam, words));
  }

  @Test
  void theNumberOfThreadsDoesNotMatter() {
    TestBatch batch = TestBatch.random(random, 60, 7, 9, 3, 1);
    List<List<String>> results = new ArrayList<>();
    for (int threads : new int[] {1, 3}) {
      List<CtcNBest> got =
          CtcDecoder.create(EngineOptions.DEFAULT.withThreads(threads))
              .beamSearch(
                  batch.timeMajor(),
                  batch.inputLengths(),
                  batch.options(),
                  BeamOptions.DEFAULT.withNBest(5));
      results.add(got.stream().map(n -> n.hypotheses().toString()).toList());
    }
    assertEquals(results.get(0), results.get(1), replay());
  }

  @Test
  void badArgumentsAreRefused() {
    FrameTensor logits = FrameTensor.timeMajor(new float[6], 2, 1, 3);
    assertThrows(
        InvalidInputException.class,
        () -> decoder.greedy(logits, new int[] {3}, CtcOptions.DEFAULT));
    assertThrows(
        InvalidInputException.class,
        () -> decoder.greedy(logits, new int[] {2}, CtcOptions.DEFAULT.withBlank(3)));
    assertThrows(InvalidInputException.class, () -> BeamOptions.DEFAULT.withBeamWidth(0));
    assertThrows(InvalidInputException.class, () -> BeamOptions.DEFAULT.withNBest(0));
    assertThrows(InvalidInputException.class, () -> BeamOptions.DEFAULT.withTopClasses(0));
    assertThrows(InvalidInputException.class, () -> BeamOptions.DEFAULT.withMinLogProbability(0.5));
    assertThrows(InvalidInputException.class, () -> BeamOptions.DEFAULT.withBeamThreshold(0));
    assertThrows(
        InvalidInputException.class, () -> BeamOptions.DEFAULT.withBeamThreshold(Double.NaN));
  }
}
