package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaAligner;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelPriors;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.WildcardAlignerContract;
import org.ctc4j.Wildcards;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract of alignment with wildcards, and the host's path, state by state. */
@OnDevice
@Tag("ptx")
@DisplayName("CUDA: alignment with wildcards")
class CudaWildcardAlignerTest extends WildcardAlignerContract {
  private static final CtcAligner CPU = CtcAligner.create(Backend.CPU);
  private static final long FRUGAL = 1;
  private static final long ROOMY = 1 << 30;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  @Override
  protected CtcAligner aligner(EngineOptions options) {
    return CtcAligner.create(Backend.CUDA, options);
  }

  @Override
  protected int draws(int all) {
    return TestDriver.isGpu() ? all : TestDriver.shareOf(all / 5);
  }

  @AfterEach
  void noFindings() {
    TestDriver.assertNoFindings();
  }

  private int[] target(int labels, int classes) {
    int[] target = TestBatch.randomTarget(random, labels, classes, 0);
    for (int i = 0; i < target.length; i++) {
      int drawn = random.nextInt(6);
      target[i] = drawn == 0 ? Wildcards.FRAMES : drawn == 1 ? Wildcards.LABELS : target[i];
    }
    return target;
  }

  private Wildcards wildcards() {
    return new Wildcards(
        random.nextInt(3),
        random.nextInt(3) / 2.0,
        random.nextBoolean() ? Double.POSITIVE_INFINITY : random.nextInt(4));
  }

  /** Whole numbers, of which sums tie often; as probabilities and their logarithms, few of them. */
  private double number(InputKind input) {
    int drawn = random.nextInt(4);
    boolean isLess = random.nextInt(20) == 0;
    return switch (input) {
      case LOGITS, SCORES -> isLess ? Double.NEGATIVE_INFINITY : drawn;
      case LOG_PROBS -> isLess ? Double.NEGATIVE_INFINITY : -Math.log(3 + drawn);
      case PROBABILITIES -> isLess ? 0 : 1.0 / (3 + drawn);
    };
  }

  private FrameTensor numbers(InputKind input, ElementType type, int frames, int utterances) {
    int classes = 5;
    float[] drawn = new float[frames * utterances * classes];
    for (int row = 0; row < drawn.length; row += classes) {
      double sum = 0;
      double[] numbers = new double[classes];
      for (int c = 0; c < classes; c++) {
        numbers[c] = number(input);
        sum += input == InputKind.LOG_PROBS ? Math.exp(numbers[c]) : numbers[c];
      }
      for (int c = 0; c < classes; c++) {
        drawn[row + c] =
            (float)
                switch (input) {
                  case LOGITS, SCORES -> numbers[c];
                  case LOG_PROBS -> sum > 0 ? numbers[c] - Math.log(sum) : numbers[c];
                  case PROBABILITIES -> sum > 0 ? numbers[c] / sum : 0;
                };
      }
    }
    FrameTensor given = FrameTensor.batchMajor(drawn, frames, utterances, classes);
    FrameTensor tensor = given.zerosLike(type);
    for (int t = 0; t < frames; t++) {
      for (int n = 0; n < utterances; n++) {
        for (int c = 0; c < classes; c++) {
          tensor.set(t, n, c, given.get(t, n, c));
        }
      }
    }
    return tensor;
  }

  private void assertAlike(CtcBatch batch, CtcOptions options, long workspaceBytes) {
    List<CtcPath> expected = CPU.align(batch, options);
    try (CtcAligner cuda = aligner(EngineOptions.DEFAULT.withWorkspaceBytes(workspaceBytes))) {
      List<CtcPath> got = cuda.align(batch, options);
      for (int n = 0; n < expected.size(); n++) {
        CtcPath path = expected.get(n);
        String what =
            "utterance %d, %s, %s; replay with -Dctc4j.seed=%d"
                .formatted(n, batch.targets().wildcards(), options, seed);
        assertEquals(path.status(), got.get(n).status(), what);
        assertEquals(path.frames(), got.get(n).frames(), what);
        for (int t = 0; t < path.frames(); t++) {
          assertEquals(path.state(t), got.get(n).state(t), what + ", frame " + t);
          assertEquals(path.logProbability(t), got.get(n).logProbability(t), 1e-12, what);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LOGITS, FLOAT32",
    "LOGITS, FLOAT64",
    "LOGITS, FLOAT16",
    "LOGITS, BFLOAT16",
    "SCORES, FLOAT32",
    "LOG_PROBS, FLOAT32",
    "LOG_PROBS, FLOAT64",
    "PROBABILITIES, FLOAT32",
    "PROBABILITIES, FLOAT16"
  })
  @DisplayName("The host's path for all that is given, ties and offsets included")
  void everyInput(InputKind input, ElementType type) {
    for (int i = 0; i < Math.max(2, draws(40)); i++) {
      int utterances = 1 + random.nextInt(6);
      int[][] targets = new int[utterances][];
      Arrays.setAll(targets, n -> target(random.nextInt(12), 5));
      CtcOptions options = CtcOptions.DEFAULT.withInput(input);
      if (i % 2 == 1) {
        double[] logPriors = random.doubles(5).map(x -> -3 * x).toArray();
        options = options.withBlankPenalty(1).withLabelPriors(LabelPriors.of(logPriors, 0.5));
      }
      CtcBatch batch =
          CtcBatch.of(
              numbers(input, type, 1 + random.nextInt(30), utterances),
              Targets.of(targets).withWildcards(wildcards()));
      assertAlike(batch, options, i % 3 == 0 ? FRUGAL : ROOMY);
    }
  }

  @ParameterizedTest(name = "{0} frames, {1} elements")
  @CsvSource({"40, 300, 1", "40, 300, 1000000000", "700, 40, 1", "300, 257, 1", "0, 3, 1"})
  @DisplayName("More elements than threads, more frames than are kept, none at all")
  void shapes(int frames, int labels, long workspaceBytes) {
    for (double skipCost : new double[] {0.5, Double.POSITIVE_INFINITY}) {
      int[][] targets = {target(labels, 5), {}, {Wildcards.FRAMES}, target(labels / 2, 5)};
      Targets wild = Targets.of(targets).withWildcards(new Wildcards(0.5, 1, skipCost));
      FrameTensor logits = numbers(InputKind.LOGITS, ElementType.FLOAT32, frames, 4);
      int[] lengths = {frames, frames, frames / 2, frames - frames / 3};
      assertAlike(CtcBatch.of(logits, wild, lengths), CtcOptions.DEFAULT, workspaceBytes);
    }
  }

  @Test
  @DisplayName("NaN stays in its utterance, whatever its target has")
  void notFinite() {
    FrameTensor logits = numbers(InputKind.LOGITS, ElementType.FLOAT32, 9, 3);
    logits.set(4, 0, 1, Double.NaN);
    logits.set(4, 1, 1, Double.POSITIVE_INFINITY);
    int[][] targets = {{1, Wildcards.FRAMES}, {1}, {Wildcards.LABELS, 2}};
    for (double skipCost : new double[] {1, Double.POSITIVE_INFINITY}) {
      Targets wild = Targets.of(targets).withWildcards(Wildcards.DEFAULT.withSkipCost(skipCost));
      assertAlike(CtcBatch.of(logits, wild), CtcOptions.DEFAULT, ROOMY);
    }
  }

  @Test
  @DisplayName("In device memory: paths, scores and statuses, in a workspace that is large enough")
  void deviceBatch() {
    int frames = 12;
    int[][] targets = {
      {1, Wildcards.FRAMES, 2}, {1, 2}, {Wildcards.LABELS}, {1, -4}, {3, Wildcards.FRAMES, 0}, {}
    };
    int[] labels = new int[6 * 3];
    int[] lengths = new int[6];
    for (int n = 0; n < 6; n++) {
      lengths[n] = targets[n].length;
      System.arraycopy(targets[n], 0, labels, 3 * n, lengths[n]);
    }
    FrameTensor logits = numbers(InputKind.LOGITS, ElementType.FLOAT32, frames, 6);
    float[] timeMajor = new float[frames * 6 * 5];
    for (int i = 0; i < timeMajor.length; i++) {
      timeMajor[i] = (float) logits.get(i / 30, i / 5 % 6, i % 5);
    }
    int[][] good = targets.clone();
    good[3] = new int[0];
    good[4] = new int[0];
    try (PrimaryContext context = new PrimaryContext(0)) {
      for (double skipCost : new double[] {2, Double.POSITIVE_INFINITY}) {
        Wildcards wildcards = new Wildcards(0.5, 0, skipCost);
        Targets onHost = Targets.of(good).withWildcards(wildcards);
        CtcOptions options = CtcOptions.DEFAULT.withBlankPenalty(0.5);
        List<CtcPath> expected = CPU.align(CtcBatch.of(logits, onHost), options);
        context.whileCurrent(
            () -> {
              try (DeviceArrays arrays = new DeviceArrays();
                  CudaAligner cuda = CudaAligner.create(0, EngineOptions.DEFAULT)) {
                DeviceTargets there =
                    DeviceTargets.padded(arrays.of(labels), 6, 3, arrays.of(lengths));
                DeviceBatch batch =
                    new DeviceBatch(
                        DeviceTensor.timeMajor(arrays.of(timeMajor), ElementType.FLOAT32, 6, 5),
                        frames,
                        6,
                        5,
                        there.withWildcards(wildcards),
                        arrays.of(new int[] {12, 12, 12, 12, 12, 12}));
                DevicePaths paths =
                    new DevicePaths(
                        arrays.allocate(4 * 72),
                        arrays.allocate(8 * 72),
                        arrays.allocate(8 * 6),
                        arrays.allocate(4 * 6));
                long bytes = cuda.workspaceBytes(batch);
                long workspace = arrays.allocate(bytes);
                assertThrows(
                    InvalidInputException.class,
                    () -> cuda.enqueue(batch, options, paths, 0, workspace, bytes - 1));
                cuda.prepare(batch, 0);
                cuda.enqueue(batch, options, paths, 0, workspace, bytes);
                assertPaths(expected, paths);
              }
            });
      }
    }
  }

  private void assertPaths(List<CtcPath> expected, DevicePaths paths) {
    int[] states = DeviceArrays.ints(paths.states(), 72);
    double[] scores = DeviceArrays.doubles(paths.scores(), 6);
    int[] statuses = DeviceArrays.ints(paths.statuses(), 6);
    for (int n = 0; n < 6; n++) {
      boolean isBad = n == 3 || n == 4;
      CtcPath path = expected.get(n);
      String what = "utterance " + n + "; replay with -Dctc4j.seed=" + seed;
      assertEquals(isBad ? DeviceResult.BAD_LABEL : path.status().ordinal(), statuses[n], what);
      for (int t = 0; t < 12; t++) {
        boolean has = !isBad && path.status() == CtcStatus.OK;
        assertEquals(has ? path.state(t) : -1, states[12 * n + t], what + ", frame " + t);
      }
      assertEquals(isBad ? Double.NaN : path.logProbability(), scores[n], 1e-10, what);
    }
  }

  @Test
  @DisplayName("The kernel of wildcards runs for them, and for them alone")
  void launches() {
    TestDriver.assertLaunches(0, "ctc_align_wildcard_path");
    FrameTensor logits = FrameTensor.timeMajor(new float[15], 3, 1, 5);
    try (CtcAligner cuda = aligner(EngineOptions.DEFAULT)) {
      CtcBatch none =
          CtcBatch.of(logits, Targets.of(new int[] {1}).withWildcards(Wildcards.DEFAULT));
      cuda.align(none, CtcOptions.DEFAULT);
      long before = TestDriver.launches("ctc_align_wildcard_path");
      CtcBatch some =
          CtcBatch.of(
              logits, Targets.of(new int[] {Wildcards.FRAMES}).withWildcards(Wildcards.DEFAULT));
      cuda.align(some, CtcOptions.DEFAULT);
      long after = TestDriver.launches("ctc_align_wildcard_path");
      assertEquals(0, before);
      assertTrue(after > 0 || !TestDriver.isEmulated());
    }
  }
}
