package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.LabelPriors;
import org.ctc4j.Seed;
import org.ctc4j.Strides;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.kernels.AlignWorkspace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Alignment on the device against that on the host: the same path, state by state, and log
 * probabilities within the rounding of exp and ln.
 */
@OnDevice
class CudaAlignerTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final CtcAligner CPU = CtcAligner.create(Backend.CPU);

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  @AfterEach
  void nothingIsLeft() {
    TestDriver.assertNoFindings();
    TestDriver.assertNothingLeft();
  }

  private static CtcAligner cuda(long workspaceBytes) {
    return CtcAligner.create(
        Backend.CUDA, EngineOptions.DEFAULT.withWorkspaceBytes(workspaceBytes));
  }

  /** What a logit is drawn from; all but one tie often. */
  enum Draw {
    GAUSSIAN,
    WHOLE,
    EQUAL,
    HOLES,
    EXTREME;

    double next(Random random) {
      return switch (this) {
        case GAUSSIAN -> (float) (3 * random.nextGaussian());
        case WHOLE -> random.nextInt(3);
        case EQUAL -> 1.5;
        case HOLES -> random.nextInt(8) == 0 ? LOG_ZERO : random.nextInt(4);
        case EXTREME ->
            switch (random.nextInt(6)) {
              case 0 -> -1e30;
              case 1 -> -0x1p26 - 4 + random.nextInt(3) * 4; // around what counts as impossible
              case 2 -> -1e7;
              default -> random.nextInt(3);
            };
      };
    }
  }

  private TestBatch filled(TestBatch batch, Draw draw) {
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        Arrays.setAll(row, c -> draw.next(random));
      }
    }
    return batch;
  }

  /** Targets of exactly so many labels, of frames from just enough on. */
  private TestBatch ofLength(int utterances, int frames, int labels, int classes, Draw draw) {
    int blank = random.nextInt(classes);
    int[][] targets = new int[utterances][];
    int[] inputLengths = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      targets[n] = TestBatch.randomTarget(random, labels, classes, blank);
      int repeats = 0;
      for (int i = 1; i < labels; i++) {
        repeats += targets[n][i] == targets[n][i - 1] ? 1 : 0;
      }
      inputLengths[n] = n == 0 ? Math.min(frames, labels + repeats) : frames;
    }
    double[][][] logits = new double[utterances][frames][classes];
    return filled(new TestBatch(logits, targets, inputLengths, classes, blank), draw);
  }

  private void assertSame(CtcBatch batch, CtcOptions options, String what, long workspaceBytes) {
    List<CtcPath> expected = CPU.align(batch, options);
    List<CtcPath> got;
    try (CtcAligner cuda = cuda(workspaceBytes)) {
      got = cuda.align(batch, options);
    }
    assertSame(expected, got, what + ", workspace " + workspaceBytes);
  }

  private void assertSame(List<CtcPath> expected, List<CtcPath> got, String what) {
    assertEquals(expected.size(), got.size());
    for (int n = 0; n < got.size(); n++) {
      String here = what + ", utterance " + n + "; replay with -Dctc4j.seed=" + seed;
      assertEquals(expected.get(n).status(), got.get(n).status(), here);
      assertArrayEquals(states(expected.get(n)), states(got.get(n)), here);
      assertArrayEquals(expected.get(n).labels(), got.get(n).labels(), here);
      double sum = 0;
      for (int t = 0; t < got.get(n).frames(); t++) {
        double logProbability = expected.get(n).logProbability(t);
        double tolerance = 1e-13 * Math.abs(logProbability) + 1e-14;
        assertEquals(logProbability, got.get(n).logProbability(t), tolerance, here);
        sum += got.get(n).logProbability(t);
      }
      if (got.get(n).status() == CtcStatus.OK) {
        assertEquals(sum, got.get(n).logProbability(), here);
      }
    }
  }

  private static int[] states(CtcPath path) {
    int[] states = new int[path.frames()];
    Arrays.setAll(states, path::state);
    return states;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Random ragged batches, any blank, C from 2 on: the host's paths, ties and all")
  void ragged(Draw draw) {
    for (int i = 0; i < 25; i++) {
      int classes = 2 + random.nextInt(i % 2 == 0 ? 3 : 40);
      TestBatch batch =
          filled(TestBatch.random(random, 70, 4, classes, random.nextInt(40), 1), draw);
      assertSame(batch.batch(), batch.options(), draw + ", batch " + i, i % 2 == 0 ? 1 : 1 << 30);
    }
  }

  @ParameterizedTest(name = "L = {0}, {1}")
  @CsvSource({
    "15, GAUSSIAN", "16, WHOLE", "31, HOLES", "32, GAUSSIAN", "63, WHOLE", "64, GAUSSIAN",
    "65, EQUAL", "111, WHOLE", "112, GAUSSIAN", "160, HOLES", "511, WHOLE", "512, GAUSSIAN",
    "1023, WHOLE", "1024, GAUSSIAN", "1024, EQUAL"
  })
  @DisplayName("Targets at the edges of lanes, strips and shared memory; frames from too tight on")
  void lengths(int labels, Draw draw) {
    TestDriver.set("checking", labels > 200 ? Long.getLong("ctc4j.checking", 0) : 1);
    int frames = labels + labels / 2 + 20;
    TestBatch batch = ofLength(2, frames, labels, 12, draw);
    String what = "L = " + labels + ", " + draw;
    assertSame(batch.batch(), batch.options(), what, 1L << 30);
    assertSame(batch.batch(), batch.options(), what, 1);
  }

  @Test
  @DisplayName("Sixteen bit and float64 logits, scores, offsets, many classes, gaps in memory")
  void types() {
    for (int classes : new int[] {2, 8, 37, 500}) {
      double[] priors = random.doubles(classes).map(x -> -Math.floor(3 * x)).toArray();
      TestBatch batch = filled(TestBatch.random(random, 50, 5, classes, 20, 1), Draw.WHOLE);
      int size = 50 * 5 * classes;
      List<FrameTensor> tensors =
          List.of(
              FrameTensor.timeMajor(Elements.float16(ShortBuffer.allocate(size)), 50, 5, classes),
              FrameTensor.batchMajor(Elements.bfloat16(ShortBuffer.allocate(size)), 50, 5, classes),
              FrameTensor.batchMajor(new double[size], 50, 5, classes),
              FrameTensor.strided(
                  Elements.of(new float[2 * size + 9]),
                  9,
                  50,
                  5,
                  classes,
                  new Strides(10L * classes, 2L * classes, 2)));
      for (FrameTensor tensor : tensors) {
        CtcBatch filled = batch.batch(batch.fill(tensor));
        String what = "C = " + classes + ", " + tensor.elements().type();
        assertSame(filled, batch.options(), what, 1L << 30);
        CtcOptions scores = batch.options().withInput(InputKind.SCORES);
        assertSame(filled, scores, what + ", scores", 1);
        CtcOptions offsets =
            batch.options().withBlankPenalty(1).withLabelPriors(LabelPriors.of(priors, 1));
        assertSame(filled, offsets, what + ", offsets", classes == 37 ? 1 : 1L << 30);
      }
    }
  }

  @Test
  @DisplayName("NaN, infinities, no frames, no labels, no utterances: as on the host, one by one")
  void hostile() {
    double[][][] logits = new double[9][6][3];
    logits[0][5][1] = Double.NaN; // beyond its input length
    logits[1][2][0] = Double.NaN;
    logits[2][0][2] = Double.POSITIVE_INFINITY;
    logits[4][1] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    int[][] targets = {{1, 2}, {1}, {1}, {1, 1, 1, 1}, {1}, {}, {}, {2}, {1, 1, 2}};
    int[] lengths = {5, 6, 6, 6, 6, 0, 6, 0, 4};
    TestBatch batch = new TestBatch(logits, targets, lengths, 3, 0);
    List<CtcStatus> expected =
        List.of(
            CtcStatus.OK,
            CtcStatus.NOT_FINITE,
            CtcStatus.NOT_FINITE,
            CtcStatus.INFEASIBLE,
            CtcStatus.INFEASIBLE,
            CtcStatus.OK,
            CtcStatus.OK,
            CtcStatus.INFEASIBLE,
            CtcStatus.OK);
    try (CtcAligner cuda = cuda(1)) {
      List<CtcPath> got = cuda.align(batch.batch(), batch.options());
      assertEquals(expected, got.stream().map(CtcPath::status).toList());
      assertSame(CPU.align(batch.batch(), batch.options()), got, "hostile");
      FrameTensor none = FrameTensor.timeMajor(new float[0], 4, 0, 3);
      CtcBatch empty = CtcBatch.of(none, Targets.of(new int[0][]));
      assertEquals(List.of(), cuda.align(empty, CtcOptions.DEFAULT));
    }
  }

  @Test
  @DisplayName("The same bits in any order of utterances, of threads, in chunks and segments")
  void sameBits() {
    TestBatch batch = TestBatch.random(random, 120, 4, 9, 90, 2);
    List<CtcPath> expected;
    try (CtcAligner cuda = cuda(1 << 30)) {
      expected = cuda.align(batch.batch(), batch.options());
    }
    int[] order = {2, 0, 3, 1};
    TestBatch other = batch.permuted(order);
    for (int i = 0; i < 4; i++) {
      TestDriver.set("seed", random.nextInt(1 << 20));
      try (CtcAligner cuda = cuda(i % 2 == 0 ? 1 : 1 << 30)) {
        List<CtcPath> got = cuda.align(other.batch(), other.options());
        for (int n = 0; n < order.length; n++) {
          assertArrayEquals(states(expected.get(order[n])), states(got.get(n)));
          for (int t = 0; t < got.get(n).frames(); t++) {
            assertEquals(expected.get(order[n]).logProbability(t), got.get(n).logProbability(t));
          }
        }
      }
    }
  }

  @Test
  @DisabledIfSystemProperty(
      named = TestDriver.MODE_PROPERTY,
      matches = ".*",
      disabledReason = "needs the emulated driver, whose memory can be made small")
  @DisplayName("A batch that the device has no room for goes through it in parts")
  void splitByUtterance() {
    TestBatch large = TestBatch.random(random, 60, 30, 50, 10, 2);
    TestDriver.set("memoryBytes", 150_000); // logits take up to 360,000
    assertSame(large.batch(), large.options(), "little memory", 1 << 30);
    TestDriver.assertLaunchesAtLeast(2, "ctc_align_path_f32");
  }

  @Test
  @DisplayName("The device holds what the workspace says, and input and output beside it")
  void memory() {
    TestBatch batch = ofLength(1, 3000, 100, 8, Draw.GAUSSIAN);
    TestDriver.set("checking", 0);
    for (long limit : new long[] {1, 1 << 30}) {
      long workspace = AlignWorkspace.of(batch.inputLengths()[0], 1, 100, limit).bytes();
      TestDriver.resetCounts();
      assertSame(batch.batch(), batch.options(), "memory", limit);
      if (TestDriver.isEmulated()) {
        long inAndOut = batch.inputLengths()[0] * (8L * 4 + 12);
        long held = Emulator.gauge("peakDeviceBytes");
        assertTrue(held <= workspace + inAndOut + 4096, held + " bytes, workspace " + workspace);
        assertTrue(held >= workspace, held + " bytes, workspace " + workspace);
      }
    }
  }
}
