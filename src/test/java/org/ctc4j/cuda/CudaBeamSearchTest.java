package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaDecoder;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceNBest;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prefix beam search on the device against that on the host. */
@OnDevice
class CudaBeamSearchTest {
  private static final CtcDecoder CPU = CtcDecoder.create();
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final BeamOptions BEAM = BeamOptions.DEFAULT.withNBest(5);

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

  private void assertSame(TestBatch batch, CtcOptions options, BeamOptions beam) {
    FrameTensor logits = batch.timeMajor();
    assertSame(
        CPU.beamSearch(logits, batch.inputLengths(), options, beam),
        cuda.beamSearch(logits, batch.inputLengths(), options, beam),
        "%s, C = %d, %s".formatted(beam, batch.classes(), options.input()));
  }

  private void assertSame(List<CtcNBest> expected, List<CtcNBest> got, String what) {
    assertEquals(expected.size(), got.size());
    for (int n = 0; n < got.size(); n++) {
      String here = what + ", utterance " + n + "; replay with -Dctc4j.seed=" + seed;
      assertEquals(expected.get(n).status(), got.get(n).status(), here);
      List<CtcHypothesis> outputs = got.get(n).hypotheses();
      assertEquals(expected.get(n).hypotheses().size(), outputs.size(), here);
      for (int k = 0; k < outputs.size(); k++) {
        CtcHypothesis output = expected.get(n).hypotheses().get(k);
        assertArrayEquals(output.labels(), outputs.get(k).labels(), here + ", output " + k);
        double tolerance = 1e-12 * Math.abs(output.score()) + 1e-14;
        assertEquals(output.score(), outputs.get(k).score(), tolerance, here + ", output " + k);
        assertEquals(outputs.get(k).score(), outputs.get(k).logProbability());
      }
    }
  }

  @Test
  @DisplayName(
      "Frames that sum to more than 1, as rounding has it, make no output likelier than certain")
  void noneIsAboveZero() {
    double[][] p = new double[6][3];
    int[] path = {1, 1, 0, 2, 2, 0};
    for (int t = 0; t < 6; t++) {
      Arrays.fill(p[t], 0.02);
      p[t][path[t]] = 1;
    }
    TestBatch batch = new TestBatch(new double[][][] {p}, new int[1][0], new int[] {6}, 3, 0);
    CtcOptions options = batch.options().withInput(InputKind.PROBABILITIES);
    assertSame(batch, options, BEAM);
    CtcNBest got = cuda.beamSearch(batch.timeMajor(), options, BEAM).get(0);
    assertEquals(0, got.best().logProbability());
  }

  @ParameterizedTest(name = "W = {0}, M = {1}, C = {2}, least {3}, range {4}, deviation {5}")
  @CsvSource({
    "1, 40, 6, -Infinity, Infinity, 1",
    "1, 40, 41, -Infinity, Infinity, 3", // of one path each
    "1, 2, 3, -Infinity, Infinity, 0.2",
    "2, 3, 9, -Infinity, Infinity, 2",
    "5, 40, 5, -4, Infinity, 2",
    "8, 4, 40, -2, 3, 1",
    "33, 40, 41, -Infinity, 6, 3",
    "40, 128, 130, -Infinity, Infinity, 0.1",
    "128, 40, 6, -Infinity, Infinity, 1"
  })
  @DisplayName("Ragged batches: the host's outputs, in its order")
  void asOnTheHost(int width, int top, int classes, double least, double range, double deviation) {
    BeamOptions beam = new BeamOptions(width, 6, top, least, range);
    TestDriver.set("checking", width > 8 ? Long.getLong("ctc4j.checking", 0) : 1);
    for (int i = 0; i < 2; i++) {
      TestBatch batch = TestBatch.random(random, width > 8 ? 12 : 30, 3, classes, 0, deviation);
      assertSame(batch, batch.options(), beam);
      assertSame(batch, batch.options().withInput(InputKind.SCORES), beam);
    }
  }

  @Test
  @DisplayName(
      "A model that is sure of most frames, over many of them: prefixes leave and come back")
  void longer() {
    TestDriver.set("checking", 0);
    TestBatch batch = TestBatch.random(random, 150, 2, 8, 0, 1);
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        row[random.nextInt(3) > 0 ? batch.blank() : random.nextInt(8)] += 5;
      }
    }
    assertSame(batch, batch.options(), BEAM.withBeamWidth(4));
    assertSame(batch, batch.options(), BEAM.withBeamWidth(16).withTopClasses(3));
  }

  @Test
  @DisplayName("Of prefixes that are equally probable those come first that the host takes first")
  void ties() {
    TestBatch batch =
        new TestBatch(new double[3][2][140], new int[3][0], new int[] {2, 1, 0}, 140, 7);
    for (int width : new int[] {1, 3, 32, 100}) {
      for (int top : new int[] {2, 5, 128}) {
        BeamOptions beam = new BeamOptions(width, 128, top, LOG_ZERO, Double.POSITIVE_INFINITY);
        TestDriver.set("checking", 0);
        assertSame(batch, batch.options().withInput(InputKind.SCORES), beam);
      }
    }
  }

  @Test
  @DisplayName("Where no prefix leaves the beam the scores are those of the outputs: all of them")
  void exact() {
    TestBatch batch = TestBatch.random(random, 4, 2, 3, 0, 1).withAllFrames();
    BeamOptions beam = BEAM.withBeamWidth(64).withNBest(64);
    List<CtcNBest> got = cuda.beamSearch(batch.timeMajor(), batch.options(), beam);
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      for (int n = 0; n < 2; n++) {
        double all = 0;
        for (CtcHypothesis output : got.get(n).hypotheses()) {
          TestBatch alone = batch.alone(n);
          CtcBatch of = CtcBatch.of(alone.timeMajor(), Targets.of(new int[][] {output.labels()}));
          double loss = reference.loss(of, batch.options()).loss(0);
          assertEquals(-loss, output.logProbability(), 1e-12 * loss + 1e-14);
          all += Math.exp(output.logProbability());
        }
        assertEquals(1, all, 1e-12);
      }
    }
  }

  @Test
  @DisplayName("One class, no frames, NaN, impossible frames, no utterances: as on the host")
  void hostile() {
    TestBatch one = TestBatch.random(random, 5, 2, 1, 0, 1);
    assertSame(one, one.options(), BEAM);
    double[][][] logits = new double[6][4][3];
    logits[0][3][1] = Double.NaN; // beyond its input length
    logits[1][2][0] = Double.NaN;
    logits[2][0][2] = Double.POSITIVE_INFINITY;
    logits[3][1] = new double[] {LOG_ZERO, LOG_ZERO, LOG_ZERO};
    logits[5][2] = new double[] {-1, LOG_ZERO, -1e9};
    TestBatch batch = new TestBatch(logits, new int[6][0], new int[] {3, 4, 4, 4, 0, 4}, 3, 1);
    for (InputKind input : List.of(InputKind.LOGITS, InputKind.SCORES)) {
      assertSame(batch, batch.options().withInput(input), BEAM.withBeamWidth(3));
    }
    FrameTensor none = FrameTensor.timeMajor(new float[0], 4, 0, 3);
    assertEquals(List.of(), cuda.beamSearch(none, CtcOptions.DEFAULT, BEAM));
  }

  @Test
  @DisplayName("What a block has no room for is refused, with the bound")
  void bounds() {
    FrameTensor some = FrameTensor.timeMajor(new float[2 * 200], 2, 1, 200);
    assertRefused("beam width: expected at most 128", some, BEAM.withBeamWidth(129));
    assertRefused("top classes: expected at most 128", some, BEAM.withTopClasses(129));
    FrameTensor many = FrameTensor.timeMajor(new float[4097 * 2], 4097, 1, 2);
    assertRefused("frames: expected at most 4096", many, BEAM);
  }

  private void assertRefused(String message, FrameTensor logits, BeamOptions beam) {
    InvalidInputException refusal =
        assertThrows(
            InvalidInputException.class, () -> cuda.beamSearch(logits, CtcOptions.DEFAULT, beam));
    assertTrue(refusal.getMessage().startsWith(message), refusal.getMessage());
  }

  @Test
  @DisplayName("In device memory, and aligned to what was found without the host")
  void deviceFrames() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 20, 3, 6, 4, 2);
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              CudaAligner aligner = CudaAligner.create(0, EngineOptions.DEFAULT)) {
            DeviceArrays arrays = device.arrays;
            BeamOptions beam = BEAM.withBeamWidth(4).withNBest(1);
            DeviceNBest found =
                new DeviceNBest(
                    arrays.allocate(4 * 60),
                    arrays.allocate(12),
                    arrays.allocate(24),
                    arrays.allocate(12),
                    arrays.allocate(12));
            DeviceFrames frames = DeviceFrames.of(device.batch);
            cuda.enqueueBeamSearch(frames, host.options(), beam, found, 0);
            DeviceBatch aligned =
                new DeviceBatch(
                    device.batch.logits(),
                    20,
                    3,
                    6,
                    DeviceTargets.padded(found.labels(), 3, 20, found.lengths()),
                    device.batch.inputLengths());
            DevicePaths paths =
                new DevicePaths(
                    arrays.allocate(4 * 60),
                    arrays.allocate(8 * 60),
                    arrays.allocate(24),
                    arrays.allocate(12));
            aligner.enqueue(aligned, host.options(), paths, 0);
            int[] states = DeviceArrays.ints(paths.states(), 60);
            List<CtcNBest> expected =
                CPU.beamSearch(host.timeMajor(), host.inputLengths(), host.options(), beam);
            for (int n = 0; n < 3; n++) {
              CtcHypothesis best = expected.get(n).best();
              int[] labels = DeviceArrays.ints(found.labels() + 80L * n, 20);
              int length = DeviceArrays.ints(found.lengths(), 3)[n];
              assertArrayEquals(best.labels(), Arrays.copyOf(labels, length));
              assertTrue(Arrays.stream(labels).skip(length).allMatch(label -> label == -1));
              assertEquals(best.score(), DeviceArrays.doubles(found.scores(), 3)[n], 1e-12);
              assertEquals(1, DeviceArrays.ints(found.counts(), 3)[n]);
              assertEquals(DeviceResult.OK, DeviceArrays.ints(found.statuses(), 3)[n]);
              TestBatch alone = host.alone(n);
              CtcBatch of = CtcBatch.of(alone.timeMajor(), Targets.of(new int[][] {best.labels()}));
              CtcPath path = CtcAligner.create(Backend.CPU).align(of, host.options()).get(0);
              for (int t = 0; t < path.frames(); t++) {
                assertEquals(path.state(t), states[20 * n + t]);
              }
            }
          }
        });
  }

  @Test
  @DisplayName("Nothing waits, and a call captured in a graph decodes what the memory then holds")
  void capture() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 9, 2, 5, 0, 2);
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              Stream stream = new Stream()) {
            DeviceArrays arrays = device.arrays;
            DeviceNBest found =
                new DeviceNBest(
                    arrays.allocate(4 * 18),
                    arrays.allocate(8),
                    arrays.allocate(16),
                    arrays.allocate(8),
                    arrays.allocate(8));
            BeamOptions beam = BEAM.withBeamWidth(3).withNBest(1);
            DeviceFrames frames = DeviceFrames.of(device.batch);
            long address = StreamAddress.of(stream.handle());
            cuda.enqueueBeamSearch(frames, host.options(), beam, found, address);
            TestDriver.assertLaunches(0, "");
            stream.await(() -> "a test");
            assertFound(host, beam, found);

            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            Driver.call(
                "cuStreamBeginCapture",
                () ->
                    cuStreamBeginCapture(
                        stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
            cuda.enqueueBeamSearch(frames, host.options(), beam, found, address);
            Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
            for (double[][] utterance : host.logits()) {
              for (double[] row : utterance) {
                Arrays.setAll(row, c -> (float) random.nextGaussian());
              }
            }
            DeviceArrays.put(device.logits, DeviceTestBatch.logits(host));
            Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, stream.handle()));
            stream.await(() -> "a test");
            assertFound(host, beam, found);
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
            cuda.forget(address);
          }
        });
  }

  /** The best output of two utterances. */
  private void assertFound(TestBatch host, BeamOptions beam, DeviceNBest found) {
    List<CtcNBest> expected =
        CPU.beamSearch(host.timeMajor(), host.inputLengths(), host.options(), beam);
    for (int n = 0; n < 2; n++) {
      int[] labels = expected.get(n).best().labels();
      assertEquals(labels.length, DeviceArrays.ints(found.lengths(), 2)[n], "seed " + seed);
      int[] got = DeviceArrays.ints(found.labels() + 4L * 9 * n, 9);
      assertArrayEquals(labels, Arrays.copyOf(got, labels.length), "seed " + seed);
    }
  }
}
