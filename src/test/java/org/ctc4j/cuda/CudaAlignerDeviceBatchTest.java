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
import org.ctc4j.CtcAligner;
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
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Alignment of batches in device memory. */
@OnDevice
class CudaAlignerDeviceBatchTest {
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private PrimaryContext context;
  private CudaAligner aligner;
  private Stream stream;

  @BeforeEach
  void open() {
    aligner = CudaAligner.create(0, EngineOptions.DEFAULT);
    context = new PrimaryContext(0);
    stream = context.whileCurrent(Stream::new);
  }

  @AfterEach
  void nothingIsLeft() {
    context.whileCurrent(stream::close);
    context.close();
    aligner.close();
    TestDriver.assertNothingLeft();
    TestDriver.assertNoFindings();
  }

  private static DevicePaths paths(DeviceTestBatch device) {
    int utterances = device.host.utterances();
    int frames = utterances * device.host.frames();
    return new DevicePaths(
        device.arrays.allocate(4L * frames),
        device.arrays.allocate(8L * frames),
        device.arrays.allocate(8L * utterances),
        device.arrays.allocate(4L * utterances));
  }

  private void assertPaths(DeviceTestBatch device, DevicePaths got) {
    TestBatch host = device.host;
    List<CtcPath> expected = CtcAligner.create(Backend.CPU).align(host.batch(), host.options());
    int all = host.utterances() * host.frames();
    int[] states = DeviceArrays.ints(got.states(), all);
    double[] logProbabilities = DeviceArrays.doubles(got.logProbabilities(), all);
    double[] scores = DeviceArrays.doubles(got.scores(), host.utterances());
    int[] statuses = DeviceArrays.ints(got.statuses(), host.utterances());
    for (int n = 0; n < host.utterances(); n++) {
      CtcPath path = expected.get(n);
      String what = "utterance " + n + "; replay with -Dctc4j.seed=" + seed;
      assertEquals(path.status().ordinal(), statuses[n], what);
      double sum = 0;
      for (int t = 0; t < host.frames(); t++) {
        boolean on = t < path.frames();
        int at = n * host.frames() + t;
        assertEquals(on ? path.state(t) : -1, states[at], what);
        assertEquals(on ? path.logProbability(t) : 0, logProbabilities[at], 1e-12, what);
        sum += logProbabilities[at];
      }
      double score = path.status() == CtcStatus.OK ? sum : path.logProbability();
      assertEquals(score, scores[n], 1e-12 * Math.abs(sum), what);
    }
  }

  @Test
  @DisplayName("Paths, log-probabilities, scores and statuses are the host's, in any workspace")
  void matchesHost() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 90, 4, 9, 70, 2);
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              CudaAligner frugal =
                  CudaAligner.create(0, EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
            DevicePaths paths = paths(device);
            aligner.enqueue(device.batch, host.options(), paths, StreamAddress.of(stream.handle()));
            assertPaths(device, paths);

            int labels = device.batch.targets().maxLength();
            long bytes = aligner.workspaceBytes(90, 4, labels);
            long least = frugal.workspaceBytes(90, 4, labels);
            assertTrue(least <= bytes, least + " > " + bytes);
            DevicePaths again = paths(device);
            long workspace = device.arrays.allocate(least);
            frugal.enqueue(device.batch, host.options(), again, 0, workspace, least);
            assertPaths(device, again);
            assertThrows(
                InvalidInputException.class,
                () -> frugal.enqueue(device.batch, host.options(), again, 0, workspace, least - 1));
          }
        });
  }

  @Test
  @DisplayName("Nothing waits, and a call captured in a graph aligns what the memory then holds")
  void capture() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 40, 3, 9, 12, 2);
          try (DeviceTestBatch device = new DeviceTestBatch(host)) {
            DevicePaths paths = paths(device);
            long address = StreamAddress.of(stream.handle());
            aligner.enqueue(device.batch, host.options(), paths, address);
            TestDriver.assertLaunches(0, "");
            stream.await(() -> "a test");
            assertPaths(device, paths);

            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            Driver.call(
                "cuStreamBeginCapture",
                () ->
                    cuStreamBeginCapture(
                        stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
            aligner.enqueue(device.batch, host.options(), paths, address);
            Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
            for (double[][] utterance : host.logits()) {
              for (double[] row : utterance) {
                Arrays.setAll(row, c -> (float) random.nextGaussian());
              }
            }
            float[] others = DeviceTestBatch.logits(host);
            DeviceArrays.put(device.logits, others);
            Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, stream.handle()));
            stream.await(() -> "a test");
            assertPaths(device, paths);
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
          }
        });
  }

  @Test
  @DisplayName("Lengths and labels out of their range, known to the device alone, are said so")
  void badNumbers() {
    context.whileCurrent(
        () -> {
          try (DeviceArrays arrays = new DeviceArrays()) {
            int[] targets = {1, 2, 1, 3, 1, 0, 2, 1, -1, 1, 1, 2};
            int[] targetLengths = {2, 2, 2, 3, -1, 2};
            int[] inputLengths = {4, 4, 4, 4, 4, 5};
            DeviceBatch batch =
                new DeviceBatch(
                    DeviceTensor.timeMajor(
                        arrays.of(new float[4 * 6 * 3]), ElementType.FLOAT32, 6, 3),
                    4,
                    6,
                    3,
                    DeviceTargets.padded(arrays.of(targets), 6, 2, arrays.of(targetLengths)),
                    arrays.of(inputLengths));
            DevicePaths paths =
                new DevicePaths(
                    arrays.allocate(4 * 24),
                    arrays.allocate(8 * 24),
                    arrays.allocate(8 * 6),
                    arrays.allocate(4 * 6));
            aligner.enqueue(batch, CtcOptions.DEFAULT, paths, 0);
            int[] expected = {
              DeviceResult.OK,
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LENGTH,
              DeviceResult.BAD_LENGTH,
              DeviceResult.BAD_LENGTH
            };
            assertArrayEquals(expected, DeviceArrays.ints(paths.statuses(), 6));
            double[] scores = DeviceArrays.doubles(paths.scores(), 6);
            assertEquals(4 * Math.log(1 / 3.0), scores[0], 1e-12);
            assertTrue(Arrays.stream(scores).skip(1).allMatch(Double::isNaN));
            int[] states = DeviceArrays.ints(paths.states(), 24);
            assertArrayEquals(new int[] {1, 3, 4, 4}, Arrays.copyOf(states, 4));
            assertTrue(Arrays.stream(states).skip(4).allMatch(state -> state == -1));
          }
        });
  }

  @Test
  @DisplayName("Addresses of 0 are refused before any work")
  void noAddresses() {
    assertThrows(InvalidInputException.class, () -> new DevicePaths(0, 8, 8, 8));
    assertThrows(InvalidInputException.class, () -> new DevicePaths(8, 8, 8, 0));
  }
}
