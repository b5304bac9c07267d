package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcPaths;
import org.ctc4j.CudaDecoder;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceLabels;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelSpan;
import org.ctc4j.Seed;
import org.ctc4j.Strides;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Greedy decoding on the device against that on the host. */
@OnDevice
class CudaGreedyTest {
  private static final CtcDecoder CPU = CtcDecoder.create();
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
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

  /** Of whole numbers, most of which tie, with a −Infinity here and there. */
  private TestBatch whole(int frames, int utterances, int classes) {
    TestBatch batch = TestBatch.random(random, frames, utterances, classes, 0, 1);
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        Arrays.setAll(row, c -> random.nextInt(8) == 0 ? LOG_ZERO : random.nextInt(3) - 3);
        row[random.nextInt(classes)] = -1;
      }
    }
    return batch;
  }

  private void assertSame(FrameTensor logits, TestBatch batch, CtcOptions options, String what) {
    List<CtcPath> expected = CPU.greedy(logits, batch.inputLengths(), options);
    List<CtcPath> got = cuda.greedy(logits, batch.inputLengths(), options);
    for (int n = 0; n < batch.utterances(); n++) {
      String here = what + ", utterance " + n + "; replay with -Dctc4j.seed=" + seed;
      CtcPath path = got.get(n);
      assertEquals(expected.get(n).status(), path.status(), here);
      assertArrayEquals(expected.get(n).labels(), path.labels(), here);
      assertEquals(expected.get(n).frames(), path.frames(), here);
      for (int t = 0; t < path.frames(); t++) {
        assertEquals(expected.get(n).state(t), path.state(t), here);
        double logProbability = expected.get(n).logProbability(t);
        double tolerance = 1e-13 * Math.abs(logProbability) + 1e-14;
        assertEquals(logProbability, path.logProbability(t), tolerance, here);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Ragged batches of any type, kind, layout and number of classes: the host's paths")
  void asOnTheHost(ElementType type) {
    for (int classes : new int[] {1, 2, 5, 40, 256, 1001}) {
      int frames = classes > 100 ? 7 : 70;
      TestBatch batch =
          classes % 2 == 0
              ? TestBatch.random(random, frames, 3, classes, 0, 2)
              : whole(frames, 3, classes);
      int size = frames * 3 * classes;
      FrameTensor packed = FrameTensor.timeMajor(zeros(type, size), frames, 3, classes);
      FrameTensor gaps =
          FrameTensor.strided(
              zeros(type, 2 * size + 9),
              9,
              frames,
              3,
              classes,
              new Strides(2L * classes, 2L * classes * frames, 2));
      for (FrameTensor tensor : List.of(batch.fill(packed), batch.fill(gaps))) {
        String what = "C = %d, %s".formatted(classes, type);
        assertSame(tensor, batch, batch.options(), what);
        CtcOptions scores = batch.options().withInput(InputKind.SCORES);
        assertSame(tensor, batch, scores, what + ", scores");
      }
      FrameTensor probabilities = probabilities(batch, type);
      CtcOptions options = batch.options().withInput(InputKind.PROBABILITIES);
      assertSame(probabilities, batch, options, "C = %d, probabilities".formatted(classes));
    }
  }

  private static FrameTensor probabilities(TestBatch batch, ElementType type) {
    int frames = batch.frames();
    int classes = batch.classes();
    FrameTensor all =
        FrameTensor.batchMajor(
            zeros(type, frames * batch.utterances() * classes),
            frames,
            batch.utterances(),
            classes);
    for (int n = 0; n < batch.utterances(); n++) {
      for (int t = 0; t < frames; t++) {
        double sum = Arrays.stream(batch.logits()[n][t]).map(Math::exp).sum();
        for (int c = 0; c < classes; c++) {
          all.set(t, n, c, Math.exp(batch.logits()[n][t][c]) / sum);
        }
      }
    }
    return all;
  }

  private static Elements zeros(ElementType type, int size) {
    return switch (type) {
      case FLOAT64 -> Elements.of(new double[size]);
      case FLOAT32 -> Elements.of(new float[size]);
      case FLOAT16 -> Elements.float16(ShortBuffer.allocate(size));
      case BFLOAT16 -> Elements.bfloat16(ShortBuffer.allocate(size));
    };
  }

  @Test
  @DisplayName("NaN, infinities, impossible frames, no frames, no utterances: as on the host")
  void hostile() {
    double[][][] logits = new double[7][4][3];
    logits[0][3][1] = Double.NaN; // beyond its input length
    logits[1][2][0] = Double.NaN;
    logits[2][0][2] = Double.POSITIVE_INFINITY;
    logits[3][1] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    logits[4][3] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    logits[4][0][1] = Double.NaN;
    logits[6][2] = new double[] {-1e8, -1e9, LOG_ZERO};
    int[] lengths = {3, 4, 4, 4, 4, 0, 4};
    TestBatch batch = new TestBatch(logits, new int[7][0], lengths, 3, 1);
    for (InputKind input : List.of(InputKind.LOGITS, InputKind.SCORES)) {
      assertSame(batch.timeMajor(), batch, batch.options().withInput(input), "hostile, " + input);
    }
    FrameTensor none = FrameTensor.timeMajor(new float[0], 4, 0, 3);
    assertEquals(List.of(), cuda.greedy(none, CtcOptions.DEFAULT));
    FrameTensor noFrames = FrameTensor.timeMajor(new float[0], 0, 2, 3);
    assertSame(noFrames, whole(0, 2, 3), CtcOptions.DEFAULT, "T = 0");
    assertThrows(
        InvalidInputException.class,
        () -> cuda.greedy(noFrames, CtcOptions.DEFAULT.withBlankPenalty(1)));
  }

  @Test
  @DisplayName("Frames in device memory: labels, their frames, states and scores are the host's")
  void deviceFrames() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 75, 4, 6, 0, 1);
          try (DeviceTestBatch device = new DeviceTestBatch(host)) {
            DeviceArrays arrays = device.arrays;
            DeviceLabels labels =
                new DeviceLabels(arrays.allocate(4 * 300), arrays.allocate(16), arrays.allocate(16))
                    .withSpans(
                        arrays.allocate(4 * 300), arrays.allocate(4 * 300), arrays.allocate(2400));
            DevicePaths paths =
                new DevicePaths(
                    arrays.allocate(4 * 300),
                    arrays.allocate(8 * 300),
                    arrays.allocate(32),
                    arrays.allocate(16));
            DeviceFrames frames = DeviceFrames.of(device.batch);
            cuda.enqueueGreedy(frames, host.options(), labels, paths, 0);
            List<CtcPath> expected =
                CPU.greedy(host.timeMajor(), host.inputLengths(), host.options());
            for (int n = 0; n < 4; n++) {
              assertPath(expected.get(n), n, labels, paths);
            }
            cuda.forget(0);
            DeviceLabels alone =
                new DeviceLabels(
                    arrays.allocate(4 * 300), arrays.allocate(16), arrays.allocate(16));
            cuda.enqueueGreedy(frames, host.options(), alone, null, 0);
            assertArrayEquals(
                DeviceArrays.ints(labels.labels(), 300), DeviceArrays.ints(alone.labels(), 300));
          }
        });
  }

  private void assertPath(CtcPath expected, int n, DeviceLabels labels, DevicePaths paths) {
    String what = "utterance " + n + "; replay with -Dctc4j.seed=" + seed;
    int count = DeviceArrays.ints(labels.lengths(), 4)[n];
    assertEquals(expected.labels().length, count, what);
    int[] all = DeviceArrays.ints(labels.labels() + 4L * 75 * n, 75);
    int[] first = DeviceArrays.ints(labels.firstFrames() + 4L * 75 * n, 75);
    int[] end = DeviceArrays.ints(labels.endFrames() + 4L * 75 * n, 75);
    double[] sums = DeviceArrays.doubles(labels.logProbabilities() + 8L * 75 * n, 75);
    int[] states = DeviceArrays.ints(paths.states() + 4L * 75 * n, 75);
    double[] logProbabilities = DeviceArrays.doubles(paths.logProbabilities() + 8L * 75 * n, 75);
    for (int i = 0; i < 75; i++) {
      LabelSpan span = i < count ? expected.spans().get(i) : new LabelSpan(-1, -1, -1, 0);
      assertEquals(span.label(), all[i], what);
      assertEquals(span.start(), first[i], what);
      assertEquals(span.end(), end[i], what);
      assertEquals(span.logProbability(), sums[i], 1e-12, what);
      boolean used = i < expected.frames();
      assertEquals(used ? expected.state(i) : -1, states[i], what);
      assertEquals(used ? expected.logProbability(i) : 0, logProbabilities[i], 1e-13, what);
    }
    double score = DeviceArrays.doubles(paths.scores(), 4)[n];
    assertEquals(expected.logProbability(), score, 1e-12 * Math.abs(score), what);
    assertEquals(0, DeviceArrays.ints(labels.statuses(), 4)[n], what);
    assertEquals(0, DeviceArrays.ints(paths.statuses(), 4)[n], what);
  }

  @Test
  @DisplayName("What the device alone can see is a status, and leaves no label")
  void statuses() {
    context.whileCurrent(
        () -> {
          try (DeviceArrays arrays = new DeviceArrays()) {
            float[] numbers = new float[7 * 3 * 4]; // (N, T, C)
            Arrays.fill(numbers, (float) Math.log(0.25));
            numbers[12 + 5] = Float.NaN;
            numbers[24 + 3] = 0.5f; // above 0
            numbers[36 + 6] = -9; // sums to less than 1
            numbers[48 + 2] = 3;
            numbers[48 + 9] = Float.NaN; // comes first
            Arrays.fill(numbers, 60, 64, Float.NEGATIVE_INFINITY);
            int[] lengths = {3, 3, 3, 3, 3, 3, 4};
            DeviceFrames frames =
                new DeviceFrames(
                    DeviceTensor.batchMajor(arrays.of(numbers), ElementType.FLOAT32, 3, 4),
                    3,
                    7,
                    4,
                    arrays.of(lengths));
            DeviceLabels labels =
                new DeviceLabels(arrays.allocate(4 * 21), arrays.allocate(28), arrays.allocate(28));
            int[] expected = {
              DeviceResult.OK,
              DeviceResult.NOT_FINITE,
              DeviceResult.BAD_LOG_PROBS,
              DeviceResult.BAD_LOG_PROBS,
              DeviceResult.NOT_FINITE,
              DeviceResult.INFEASIBLE,
              DeviceResult.BAD_LENGTH
            };
            CtcOptions options = CtcOptions.DEFAULT.withBlank(3).withInput(InputKind.LOG_PROBS);
            cuda.enqueueGreedy(frames, options, labels, null, 0);
            assertArrayEquals(expected, DeviceArrays.ints(labels.statuses(), 7));
            assertArrayEquals(
                new int[] {1, 0, 0, 0, 0, 0, 0}, DeviceArrays.ints(labels.lengths(), 7));
            assertArrayEquals(
                new int[] {0, -1, -1}, Arrays.copyOf(DeviceArrays.ints(labels.labels(), 21), 3));

            float[] exps = new float[numbers.length];
            for (int i = 0; i < exps.length; i++) {
              exps[i] = (float) Math.exp(numbers[i]);
            }
            DeviceFrames probabilities =
                new DeviceFrames(
                    DeviceTensor.batchMajor(arrays.of(exps), ElementType.FLOAT32, 3, 4),
                    3,
                    7,
                    4,
                    arrays.of(lengths));
            cuda.enqueueGreedy(
                probabilities, options.withInput(InputKind.PROBABILITIES), labels, null, 0);
            assertArrayEquals(expected, DeviceArrays.ints(labels.statuses(), 7));
          }
        });
  }

  @Test
  @DisplayName("Every path of few frames collapses as CtcPaths says")
  void collapse() {
    int classes = 3;
    int frames = 5;
    int utterances = (int) Math.pow(classes, frames);
    double[][][] logits = new double[utterances][frames][classes];
    int[][] paths = new int[utterances][frames];
    int[] lengths = new int[utterances];
    Arrays.fill(lengths, frames);
    for (int n = 0; n < utterances; n++) {
      for (int t = 0, rest = n; t < frames; t++, rest /= classes) {
        paths[n][t] = rest % classes;
        logits[n][t][paths[n][t]] = 5;
      }
    }
    TestDriver.set("checking", 0);
    TestBatch batch = new TestBatch(logits, new int[utterances][0], lengths, classes, 2);
    List<CtcPath> got = cuda.greedy(batch.timeMajor(), batch.options());
    for (int n = 0; n < utterances; n++) {
      assertArrayEquals(CtcPaths.collapse(paths[n], 2), got.get(n).labels());
      for (int t = 0; t < frames; t++) {
        assertEquals(paths[n][t], got.get(n).symbol(t));
      }
    }
  }
}
