package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaDevice;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceNBest;
import org.ctc4j.DeviceResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.cuda.host.HostBeamSearch;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Beam search with a language model over tokens on the device against that on the host. */
@OnDevice
@Tag("ptx")
class CudaTokenScorerTest {
  private static final CtcDecoder CPU = CtcDecoder.create();
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final BeamOptions BEAM = BeamOptions.DEFAULT.withNBest(5);

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  @TempDir Path folder;
  private PrimaryContext context;
  private CudaDecoder cuda;

  @BeforeEach
  void open() {
    cuda = CudaDecoder.create(0, EngineOptions.DEFAULT);
    context = new PrimaryContext(0);
  }

  @AfterEach
  void nothingIsLeft() {
    context.close();
    cuda.close();
    TestDriver.assertNoFindings();
    TestDriver.assertNothingLeft();
  }

  private List<CtcNBest> assertSame(
      TestBatch batch, CtcOptions options, BeamOptions beam, TokenScorer scorer) {
    FrameTensor logits = batch.timeMajor();
    int[] lengths = batch.inputLengths();
    List<CtcNBest> expected = CPU.beamSearch(logits, lengths, options, beam, scorer);
    try (CudaTokenScorer there = CudaTokenScorer.create(0, scorer)) {
      List<CtcNBest> got = cuda.beamSearch(logits, lengths, options, beam, there);
      for (int n = 0; n < expected.size(); n++) {
        String here =
            "%s, C = %d, %s, %s, utterance %d; replay with -Dctc4j.seed=%d"
                .formatted(beam, batch.classes(), options.input(), scorer, n, seed);
        assertEquals(expected.get(n).status(), got.get(n).status(), here);
        assertEquals(expected.get(n).hypotheses().size(), got.get(n).hypotheses().size(), here);
        for (int k = 0; k < got.get(n).hypotheses().size(); k++) {
          CtcHypothesis output = expected.get(n).hypotheses().get(k);
          CtcHypothesis found = got.get(n).hypotheses().get(k);
          String which = here + ", output " + k;
          assertArrayEquals(output.labels(), found.labels(), which);
          assertEquals(output.added(), found.added(), which); // to the bit
          double tolerance = 1e-12 * Math.abs(output.logProbability()) + 1e-14;
          assertEquals(output.logProbability(), found.logProbability(), tolerance, which);
          assertEquals(found.logProbability() + found.added(), found.score(), which);
        }
      }
      return got;
    }
  }

  @ParameterizedTest(name = "order {0}, W = {1}, M = {2}, C = {3}, least {4}, range {5}")
  @CsvSource({
    "1, 3, 40, 6, -Infinity, Infinity",
    "2, 1, 40, 9, -Infinity, Infinity",
    "2, 8, 4, 40, -2, 9",
    "3, 5, 3, 7, -Infinity, 2",
    "3, 33, 40, 41, -Infinity, 12",
    "4, 16, 40, 8, -4, Infinity",
    "5, 100, 40, 5, -Infinity, Infinity",
    "3, 128, 128, 140, -Infinity, Infinity"
  })
  @DisplayName("Ragged batches, random models: the host's outputs, in its order, what was added")
  void asOnTheHost(int order, int width, int top, int classes, double least, double range) {
    BeamOptions beam = new BeamOptions(width, 6, top, least, range);
    TestDriver.set("checking", width > 8 ? Long.getLong("ctc4j.checking", 0) : 1);
    for (int i = 0; i < TestDriver.shareOf(4); i++) {
      double deviation = 0.2 + 3 * random.nextDouble();
      TestBatch batch = TestBatch.random(random, width > 8 ? 10 : 25, 3, classes, 0, deviation);
      TokenScorer scorer = TokenModelCase.scorer(random, classes, batch.blank(), order, folder);
      assertSame(batch, batch.options(), beam, scorer);
      assertSame(batch, batch.options().withInput(InputKind.SCORES), beam, scorer);
    }
  }

  @Test
  @DisplayName("A model that is sure of most frames, over many: the greedy output is weighed")
  void longer() {
    TestDriver.set("checking", 0);
    for (int i = 0; i < TestDriver.shareOf(3); i++) {
      TestBatch batch = TestBatch.random(random, 80, 2, 8, 0, 1);
      for (double[][] utterance : batch.logits()) {
        for (double[] row : utterance) {
          row[random.nextInt(3) > 0 ? batch.blank() : random.nextInt(8)] += 5;
        }
      }
      TokenScorer scorer = TokenModelCase.scorer(random, 8, batch.blank(), 3, folder);
      assertSame(batch, batch.options(), BEAM.withBeamWidth(1).withTopClasses(2), scorer);
      assertSame(batch, batch.options(), BEAM.withBeamWidth(2).withBeamThreshold(3), scorer);
      assertSame(batch, batch.options(), BEAM.withBeamWidth(16).withTopClasses(3), scorer);
    }
  }

  @Test
  @DisplayName("Where no prefix leaves the beam: all outputs, with all that they are worth")
  void exact() {
    TestBatch batch = TestBatch.random(random, 4, 2, 4, 0, 1).withAllFrames();
    BeamOptions beam = BEAM.withBeamWidth(128).withNBest(128);
    TokenScorer scorer = TokenModelCase.scorer(random, 4, batch.blank(), 3, folder);
    List<CtcNBest> found = assertSame(batch, batch.options(), beam, scorer);
    for (int n = 0; n < 2; n++) {
      List<CtcHypothesis> expected = new ArrayList<>();
      TestBatch alone = batch.alone(n);
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        for (int[] labels : outputs(4, batch.blank(), 4)) {
          CtcBatch of = CtcBatch.of(alone.timeMajor(), Targets.of(new int[][] {labels}));
          double logProb = -reference.loss(of, batch.options()).loss(0);
          double added = scorer.total(labels);
          expected.add(new CtcHypothesis(labels, logProb, logProb + added, added));
        }
      }
      expected.removeIf(output -> output.score() == LOG_ZERO);
      expected.sort(Comparator.comparingDouble(CtcHypothesis::score).reversed());
      List<CtcHypothesis> got = found.get(n).hypotheses();
      assertEquals(expected.size(), got.size(), "seed " + seed);
      for (int k = 0; k < got.size(); k++) {
        double score = expected.get(k).score();
        assertEquals(score, got.get(k).score(), 1e-12 * Math.abs(score) + 1e-14, "seed " + seed);
      }
    }
  }

  /** All of up to so many labels. */
  private static List<int[]> outputs(int classes, int blank, int most) {
    List<int[]> all = new ArrayList<>();
    all.add(new int[0]);
    for (int i = 0; i < all.size(); i++) {
      int[] start = all.get(i);
      for (int c = 0; c < classes && start.length < most; c++) {
        if (c != blank) {
          int[] longer = Arrays.copyOf(start, start.length + 1);
          longer[start.length] = c;
          all.add(longer);
        }
      }
    }
    return all;
  }

  private TokenScorer scorer(String arpa, double weight, double bonus, String... tokens) {
    NGramModel model = TokenModelCase.read(arpa, folder);
    return TokenScorer.of(model, Vocabulary.of(List.of(tokens)), weight, bonus);
  }

  @Test
  @DisplayName("Ties, weights beyond all measure, what is forbidden: as on the host")
  void hostile() {
    String unigrams = "\\data\\\nngram 1=%d\n\n\\1-grams:\n%s\n\\end\\\n";
    String equal = unigrams.formatted(2, "-1\ta\n-1\tb\n");
    TestBatch zeros = new TestBatch(new double[2][3][4], new int[2][0], new int[] {3, 2}, 4, 0);
    for (int width : new int[] {1, 3, 32, 128}) {
      TokenScorer scorer = scorer(equal, 0.5, 0.5, "<blank>", "a", "b", "c");
      assertSame(zeros, zeros.options(), BEAM.withBeamWidth(width).withNBest(128), scorer);
    }
    TestBatch some = TestBatch.random(random, 9, 3, 4, 0, 2);
    TestBatch batch = new TestBatch(some.logits(), some.targets(), some.inputLengths(), 4, 0);
    String none = unigrams.formatted(4, "-inf\ta\n-inf\tb\n-1\tc\n-inf\t</s>\n");
    String two = unigrams.formatted(3, "-inf\ta\n-0.5\tb\n-1\tc\n");
    for (double weight : new double[] {0, 1e-300, 1, 1e13, 1e300}) {
      for (double bonus : new double[] {0, -3, 7, 1e15, -1e200}) {
        BeamOptions beam = BEAM.withBeamWidth(4);
        List<CtcNBest> ended =
            assertSame(
                batch,
                batch.options(),
                beam,
                scorer(none, weight, bonus, "<blank>", "a", "b", "c"));
        assertEquals(weight > 0 ? CtcStatus.INFEASIBLE : CtcStatus.OK, ended.get(0).status());
        TokenScorer allowed = scorer(two, weight, bonus, "<blank>", "a", "b", "c");
        assertSame(batch, batch.options(), beam, allowed);
        assertSame(batch, batch.options(), beam.withBeamThreshold(20), allowed);
      }
    }
  }

  @Test
  @DisplayName("More candidates than can be put in order, far apart: the host's, none by chance")
  void farApart() {
    TestDriver.set("checking", 0);
    StringBuilder words = new StringBuilder();
    String[] tokens = new String[100];
    tokens[0] = "<blank>";
    for (int c = 1; c < 100; c++) {
      tokens[c] = "t" + c;
      words.append(-random.nextDouble(9)).append('\t').append(tokens[c]).append('\n');
    }
    String arpa = "\\data\\\nngram 1=99\n\n\\1-grams:\n" + words + "\n\\end\\\n";
    TestBatch drawn = TestBatch.random(random, 5, 2, 100, 0, 1);
    TestBatch batch = new TestBatch(drawn.logits(), drawn.targets(), drawn.inputLengths(), 100, 0);
    for (double weight : new double[] {1, 1e11, 1e20}) {
      BeamOptions beam = BEAM.withBeamWidth(100).withTopClasses(100).withNBest(100);
      assertSame(batch, batch.options(), beam, scorer(arpa, weight, 0, tokens));
    }
  }

  @Test
  @DisplayName("Impossible frames, NaN, no frames, no utterances")
  void impossible() {
    double[][][] logits = new double[5][4][3];
    logits[0][3][1] = Double.NaN; // beyond its input length
    logits[1][2][0] = Double.NaN;
    logits[2][1] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    logits[4][2] = new double[] {-1, LOG_ZERO, -1e9};
    TestBatch batch = new TestBatch(logits, new int[5][0], new int[] {3, 4, 4, 0, 4}, 3, 1);
    TokenScorer scorer =
        TokenScorer.of(
            TokenModelCase.model(random, List.of("a", "b"), 3, folder),
            Vocabulary.of(List.of("a", "<blank>", "b")),
            0.3,
            0.1);
    for (InputKind input : List.of(InputKind.LOGITS, InputKind.SCORES)) {
      assertSame(batch, batch.options().withInput(input), BEAM.withBeamWidth(3), scorer);
    }
    try (CudaTokenScorer there = CudaTokenScorer.create(0, scorer)) {
      FrameTensor none = FrameTensor.timeMajor(new float[0], 4, 0, 3);
      assertEquals(List.of(), cuda.beamSearch(none, new int[0], batch.options(), BEAM, there));
    }
  }

  @Test
  @DisplayName("What does not fit, and what is closed, is refused")
  void refused() {
    String arpa = "\\data\\\nngram 1=1\n\n\\1-grams:\n-1\ta\n\n\\end\\\n";
    TokenScorer scorer = scorer(arpa, 1, 0, "<blank>", "a");
    FrameTensor logits = FrameTensor.timeMajor(new float[3], 1, 1, 3);
    CudaTokenScorer there = CudaTokenScorer.create(0, scorer);
    InvalidInputException other =
        assertThrows(
            InvalidInputException.class,
            () -> cuda.beamSearch(logits, new int[] {1}, CtcOptions.DEFAULT, BEAM, there));
    assertEquals("language model: expected the vocabulary's 2 classes, got 3", other.getMessage());
    assertTrue(there.toString().startsWith("1-gram model of 1 words, 1 n-grams; 2 tokens on "));
    assertTrue(there.bytes() > 0);
    there.close();
    there.close();
    FrameTensor two = FrameTensor.timeMajor(new float[2], 1, 1, 2);
    IllegalStateException closed =
        assertThrows(
            IllegalStateException.class,
            () -> cuda.beamSearch(two, new int[] {1}, CtcOptions.DEFAULT, BEAM, there));
    assertEquals("this cuda token scorer is closed", closed.getMessage());
    TokenScorer generous = scorer(arpa, 1, 1e305, "<blank>", "a");
    InvalidInputException sum =
        assertThrows(InvalidInputException.class, () -> CudaTokenScorer.create(0, generous));
    assertTrue(sum.getMessage().startsWith("token bonus: expected at most 1.0E300"));
  }

  @Test
  @DisplayName("One that is closed during a search stays until that is done")
  void closedDuringSearch() throws InterruptedException {
    TestBatch batch = TestBatch.random(random, 6, 3, 5, 0, 1);
    TokenScorer scorer = TokenModelCase.scorer(random, 5, batch.blank(), 3, folder);
    CudaDevice device = Devices.survey().numbered(0);
    EngineOptions oneByOne = EngineOptions.DEFAULT.withWorkspaceBytes(1);
    TokenScorerBackend there = new TokenScorerBackend(device, scorer);
    Thread closing = new Thread(there::close);
    List<Boolean> waits = new ArrayList<>();
    CtcBatch host = CtcBatch.of(batch.timeMajor(), Targets.of(new int[3][0]), batch.inputLengths());
    HostBeamSearch.Results results =
        (n, status, labels, logProbs, added) -> {
          if (closing.getState() == Thread.State.NEW) {
            closing.start();
          }
          while (closing.isAlive() && closing.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
          }
          waits.add(closing.isAlive());
        };
    try (DecodingBackend decoder = new DecodingBackend(device, oneByOne)) {
      decoder.beamSearch(host, batch.options(), BEAM, there, results);
      closing.join();
      assertEquals(List.of(true, true, true), waits);
      IllegalStateException closed =
          assertThrows(
              IllegalStateException.class,
              () -> decoder.beamSearch(host, batch.options(), BEAM, there, results));
      assertEquals("this cuda token scorer is closed", closed.getMessage());
    }
  }

  @Test
  @DisplayName("In device memory: nothing waits, and what was added lies beside ln p")
  void deviceFrames() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 12, 3, 6, 0, 2);
          TokenScorer scorer = TokenModelCase.scorer(random, 6, host.blank(), 3, folder);
          int most = 7; // more than there are
          BeamOptions beam = BEAM.withBeamWidth(4).withNBest(most);
          List<CtcNBest> expected =
              CPU.beamSearch(host.timeMajor(), host.inputLengths(), host.options(), beam, scorer);
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              CudaTokenScorer there = CudaTokenScorer.create(0, scorer);
              Stream stream = new Stream()) {
            DeviceArrays arrays = device.arrays;
            DeviceNBest found =
                new DeviceNBest(
                        arrays.allocate(4L * 36 * most),
                        arrays.allocate(12L * most),
                        arrays.allocate(24L * most),
                        arrays.allocate(12),
                        arrays.allocate(12))
                    .withAdded(arrays.allocate(24L * most));
            long address = StreamAddress.of(stream.handle());
            DeviceFrames frames = DeviceFrames.of(device.batch);
            cuda.prepareBeamSearch(frames, beam, there, address);
            cuda.enqueueBeamSearch(frames, host.options(), beam, there, found, address);
            TestDriver.assertLaunches(0, "");
            stream.await(() -> "a test");
            double[] logProbs = DeviceArrays.doubles(found.scores(), 3 * most);
            double[] added = DeviceArrays.doubles(found.added(), 3 * most);
            for (int n = 0; n < 3; n++) {
              List<CtcHypothesis> outputs = expected.get(n).hypotheses();
              assertEquals(outputs.size(), DeviceArrays.ints(found.counts(), 3)[n]);
              assertEquals(
                  outputs.isEmpty() ? DeviceResult.INFEASIBLE : DeviceResult.OK,
                  DeviceArrays.ints(found.statuses(), 3)[n]);
              for (int k = 0; k < most; k++) {
                boolean is = k < outputs.size();
                assertEquals(is ? outputs.get(k).added() : 0, added[n * most + k]);
                assertEquals(
                    is ? outputs.get(k).logProbability() : LOG_ZERO,
                    logProbs[n * most + k],
                    1e-12 * (is ? 1 - outputs.get(k).logProbability() : 1));
              }
            }
            cuda.forget(address);
          }
        });
  }
}
