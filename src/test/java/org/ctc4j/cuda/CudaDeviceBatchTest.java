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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Reduction;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.ctc4j.bench.Floor;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Batches in device memory. */
@OnDevice
class CudaDeviceBatchTest {
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private PrimaryContext context;
  private CudaCtc ctc;
  private Stream stream;

  @BeforeEach
  void open() {
    ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
    context = new PrimaryContext(0);
    stream = context.whileCurrent(Stream::new);
  }

  @AfterEach
  void nothingIsLeft() {
    context.whileCurrent(stream::close);
    context.close();
    ctc.close();
    TestDriver.assertNothingLeft();
    TestDriver.assertNoFindings();
  }

  /** What alpha and beta take of a call. */
  List<String> latticeKernels() {
    return List.of("ctc_lattice_p1");
  }

  int latticeFills() {
    return 0;
  }

  private long address() {
    return StreamAddress.of(stream.handle());
  }

  private TestBatch drawn() {
    return TestBatch.random(random, 40, 3, 9, 12, 2);
  }

  private static CtcResult reference(TestBatch batch, CtcOptions options) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      return reference.lossAndGradient(batch.batch(), options);
    }
  }

  private void assertMatches(DeviceTestBatch device, CtcOptions options) {
    String what = "replay with -Dctc4j.seed=" + seed;
    CtcResult expected = reference(device.host, options);
    double[] losses = device.losses();
    int[] statuses = device.statuses();
    for (int n = 0; n < losses.length; n++) {
      Agreement.assertLoss(expected.loss(n), losses[n], 1e-6, () -> what);
      assertEquals(expected.status(n).ordinal(), statuses[n], what);
    }
    Agreement.assertLoss(expected.loss(), device.reduced(), 1e-6, () -> what);
    TestBatch host = device.host;
    Agreement.assertGradient(
        expected.gradient()::get,
        FrameTensor.timeMajor(device.gradient(), host.frames(), host.utterances(), host.classes()),
        1e-5,
        () -> what);
  }

  @Test
  @DisplayName("Losses, statuses, reduced loss and gradient are the reference's")
  void matchesReference() {
    context.whileCurrent(
        () -> {
          for (Reduction reduction : Reduction.values()) {
            try (DeviceTestBatch device = new DeviceTestBatch(drawn())) {
              CtcOptions options =
                  device.host.options().withReduction(reduction).withZeroInfinity(true);
              ctc.enqueue(device.batch, options, device.result, address());
              assertMatches(device, options);
            }
          }
        });
  }

  @Test
  @DisplayName("The default stream, a workspace of the caller's, the least memory: the same bits")
  void sameBits() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 300, 2, 7, 40, 2);
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              CudaCtc frugal = CudaCtc.create(0, EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
            ctc.enqueue(device.batch, host.options(), device.result, address());
            assertMatches(device, host.options());
            float[] expected = device.gradient();
            double[] losses = device.losses();

            ctc.enqueue(device.batch, host.options(), device.result, 0);
            assertArrayEquals(expected, device.gradient());

            int labels = device.batch.targets().maxLength();
            long bytes = ctc.workspaceBytes(300, 2, 7, labels, true);
            long least = frugal.workspaceBytes(300, 2, 7, labels, true);
            assertTrue(least < bytes, least + " < " + bytes);
            long workspace = device.arrays.allocate(bytes);
            ctc.enqueue(device.batch, host.options(), device.result, address(), workspace, bytes);
            assertArrayEquals(expected, device.gradient());
            frugal.enqueue(
                device.batch, host.options(), device.result, address(), workspace, least);
            assertArrayEquals(expected, device.gradient());
            assertArrayEquals(losses, device.losses());
            InvalidInputException small =
                assertThrows(
                    InvalidInputException.class,
                    () ->
                        ctc.enqueue(
                            device.batch, host.options(), device.result, 0, workspace, least));
            assertTrue(
                small.getMessage().startsWith("workspace: expected " + bytes), small::getMessage);
          }
        });
  }

  @Test
  @DisplayName(
      "Packed logits, concatenated targets, weights, a gradient in another layout and type")
  void otherLayouts() {
    context.whileCurrent(
        () -> {
          TestBatch host = drawn();
          double[] weights = {0.5, -2, 0};
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              DeviceArrays arrays = new DeviceArrays()) {
            int classes = host.classes();
            int total = 0;
            for (int length : host.inputLengths()) {
              total += length;
            }
            float[] packed = new float[total * classes];
            long[] starts = new long[3];
            long[] targetStarts = new long[3];
            int[] lengths = new int[3];
            int at = 0;
            int labels = 0;
            int longest = 0;
            for (int n = 0; n < 3; n++) {
              starts[n] = at;
              targetStarts[n] = labels;
              lengths[n] = host.targets()[n].length;
              longest = Math.max(longest, lengths[n]);
              labels += lengths[n];
              for (int t = 0; t < host.inputLengths()[n]; t++) {
                for (int c = 0; c < classes; c++) {
                  packed[at++] = (float) host.logits()[n][t][c];
                }
              }
            }
            int[] concatenated = new int[labels];
            for (int n = 0; n < 3; n++) {
              System.arraycopy(
                  host.targets()[n], 0, concatenated, (int) targetStarts[n], lengths[n]);
            }
            long inputLengths = arrays.of(host.inputLengths());
            long startsAddress = arrays.of(starts);
            long gradient = arrays.allocate(8L * packed.length);
            DeviceBatch batch =
                new DeviceBatch(
                        DeviceTensor.packed(
                            arrays.of(packed), ElementType.FLOAT32, startsAddress, classes),
                        host.frames(),
                        3,
                        classes,
                        DeviceTargets.concatenated(
                            arrays.of(concatenated),
                            labels,
                            arrays.of(targetStarts),
                            arrays.of(lengths),
                            longest),
                        inputLengths)
                    .withFrameCounts(inputLengths)
                    .withWeights(arrays.of(weights));
            DeviceResult result =
                new DeviceResult(
                    device.result.losses(),
                    device.result.statuses(),
                    device.result.reduced(),
                    DeviceTensor.packed(gradient, ElementType.FLOAT64, startsAddress, classes));
            ctc.enqueue(batch, host.options(), result, address());
            CtcResult expected;
            try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
              expected =
                  reference.lossAndGradient(host.batch().withWeights(weights), host.options());
            }
            Agreement.assertLoss(expected.loss(), device.reduced(), 1e-6, () -> "seed " + seed);
            double[] got = DeviceArrays.doubles(gradient, packed.length);
            for (int n = 0; n < 3; n++) {
              for (int t = 0; t < host.inputLengths()[n]; t++) {
                for (int c = 0; c < classes; c++) {
                  assertEquals(
                      expected.gradient().get(t, n, c),
                      got[(int) starts[n] + t * classes + c],
                      1e-5,
                      "seed " + seed);
                }
              }
            }
          }
        });
  }

  @Test
  @DisplayName("Posteriors of classes and states, with and without a gradient, in one launch more")
  void posteriors() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 150, 4, 9, 40, 2);
          int states = 2 * host.batch().targets().maxLength() + 1;
          int frames = host.frames();
          try (DeviceTestBatch device = new DeviceTestBatch(host);
              CudaCtc frugal = CudaCtc.create(0, EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
            long ofClasses = device.arrays.allocate(8L * frames * 4 * 9);
            long ofStates = device.arrays.allocate(4L * frames * 4 * states);
            DeviceResult losses =
                DeviceResult.ofLosses(device.result.losses(), device.result.statuses());
            DeviceTensor classesPlace =
                DeviceTensor.batchMajor(ofClasses, ElementType.FLOAT64, frames, 9);
            DeviceTensor statesPlace =
                DeviceTensor.timeMajor(ofStates, ElementType.FLOAT32, 4, states);
            ctc.enqueue(
                device.batch,
                host.options(),
                losses.withPosteriors(classesPlace).withStatePosteriors(statesPlace),
                address());
            double[] gotClasses = DeviceArrays.doubles(ofClasses, frames * 4 * 9);
            float[] gotStates = DeviceArrays.floats(ofStates, frames * 4 * states);
            try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
              Agreement.assertGradient(
                  reference.posteriors(host.batch(), host.options()).posteriors()::get,
                  FrameTensor.batchMajor(gotClasses, frames, 4, 9),
                  1e-5,
                  () -> "classes, seed " + seed);
              Agreement.assertGradient(
                  reference.statePosteriors(host.batch(), host.options()).statePosteriors()::get,
                  FrameTensor.timeMajor(gotStates, frames, 4, states),
                  1e-5,
                  () -> "states, seed " + seed);
            }

            ctc.enqueue(device.batch, host.options(), device.result, address());
            float[] gradient = device.gradient();
            TestDriver.resetCounts();
            ctc.enqueue(
                device.batch,
                host.options(),
                device.result.withStatePosteriors(statesPlace),
                address());
            TestDriver.assertCalls(5 + latticeKernels().size(), "cuLaunchKernel");
            assertArrayEquals(gradient, device.gradient());
            assertArrayEquals(gotStates, DeviceArrays.floats(ofStates, gotStates.length));
            TestDriver.resetCounts();
            frugal.enqueue(
                device.batch, host.options(), losses.withPosteriors(classesPlace), address());
            assertArrayEquals(gotClasses, DeviceArrays.doubles(ofClasses, gotClasses.length));
            TestDriver.assertLaunchesAtLeast(2, "ctc_posteriors");
          }
        });
  }

  @Test
  @DisplayName("Bad labels and lengths: a status for that utterance, the others are not touched")
  void badValues() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 12, 4, 5, 3, 1);
          for (int n = 0; n < 4; n++) {
            host.targets()[n] = TestBatch.randomTarget(random, 2, 5, host.blank());
            host.inputLengths()[n] = 12;
          }
          host.targets()[1][1] = 5;
          host.targets()[2][0] = host.blank();
          host.inputLengths()[3] = 13;
          try (DeviceTestBatch device = new DeviceTestBatch(host)) {
            long posteriors = device.arrays.of(unwritten(12 * 4 * 5));
            long states = device.arrays.of(unwritten(12 * 4 * 5));
            ctc.enqueue(
                device.batch,
                host.options(),
                device
                    .result
                    .withPosteriors(DeviceTensor.timeMajor(posteriors, ElementType.FLOAT32, 4, 5))
                    .withStatePosteriors(DeviceTensor.timeMajor(states, ElementType.FLOAT32, 4, 5)),
                address());
            int[] expected = {
              DeviceResult.OK,
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LENGTH
            };
            assertArrayEquals(expected, device.statuses());
            double[] losses = device.losses();
            assertTrue(Double.isFinite(losses[0]) && Double.isNaN(losses[1]));
            assertTrue(Double.isNaN(losses[2]) && Double.isNaN(losses[3]));
            float[] gradient = device.gradient();
            float[] ofClasses = DeviceArrays.floats(posteriors, 12 * 4 * 5);
            float[] ofStates = DeviceArrays.floats(states, 12 * 4 * 5);
            for (int t = 0; t < 12; t++) {
              for (int n = 0; n < 4; n++) {
                double classSum = 0;
                double stateSum = 0;
                for (int c = 0; c < 5; c++) {
                  int i = (t * 4 + n) * 5 + c;
                  assertTrue(n == 0 || gradient[i] == 0);
                  classSum += ofClasses[i];
                  stateSum += ofStates[i];
                }
                assertEquals(n == 0 ? 1 : 0, classSum, 1e-6);
                assertEquals(n == 0 ? 1 : 0, stateSum, 1e-6);
              }
            }
          }
        });
  }

  private static float[] unwritten(int length) {
    float[] values = new float[length];
    Arrays.fill(values, Float.NaN);
    return values;
  }

  @Test
  @DisplayName("The reduced loss has the same bits for every order of the utterances")
  void anyOrder() {
    context.whileCurrent(
        () -> {
          TestBatch host = TestBatch.random(random, 4, 300, 3, 2, 4);
          Set<Long> naive = new HashSet<>();
          Double expected = null;
          for (int i = 0; i < 8; i++) {
            List<Integer> order = new ArrayList<>(IntStream.range(0, 300).boxed().toList());
            Collections.shuffle(order, random);
            TestBatch shuffled = host.permuted(order.stream().mapToInt(n -> n).toArray());
            CtcOptions options =
                host.options().withReduction(Reduction.MEAN).withZeroInfinity(true);
            try (DeviceTestBatch device = new DeviceTestBatch(shuffled)) {
              ctc.enqueue(device.batch, options, device.result, address());
              double sum = 0;
              double[] losses = device.losses();
              for (int n = 0; n < 300; n++) {
                sum += losses[n] / (300.0 * Math.max(1, shuffled.targets()[n].length));
              }
              naive.add(Double.doubleToRawLongBits(sum));
              if (expected == null) {
                expected = device.reduced();
              }
              assertEquals(expected, device.reduced(), 0.0, "seed " + seed);
              assertEquals(sum, device.reduced(), 1e-13 * sum, "seed " + seed);
            }
          }
          assertTrue(naive.size() > 1, "these losses add up without rounding, seed " + seed);
        });
  }

  @Test
  @DisabledIfSystemProperty(
      named = TestDriver.MODE_PROPERTY,
      matches = ".*",
      disabledReason = "needs the emulated driver, which tells what it was asked")
  @DisplayName("A call is its launches, and the driver is asked for the stream's number alone")
  void driverCalls() {
    context.whileCurrent(
        () -> {
          try (DeviceTestBatch device = new DeviceTestBatch(drawn())) {
            CtcOptions options = device.host.options();
            ctc.enqueue(device.batch, options, device.result, address()); // makes the workspace
            device.losses();
            TestDriver.resetCounts();
            ctc.enqueue(device.batch, options, device.result, address());
            assertEquals(
                """
                cuCtxPopCurrent_v2 1
                cuCtxPushCurrent_v2 1
                cuLaunchKernel %d
                %scuStreamGetId 1
                """
                    .formatted(
                        4 + latticeKernels().size(),
                        latticeFills() > 0 ? "cuMemsetD8Async %d\n".formatted(latticeFills()) : ""),
                Emulator.callList());
            TestDriver.assertLaunches(0, "");
            device.losses();
            for (String kernel :
                new String[] {
                  "ctc_prepare", "ctc_frames_f32_c32", "ctc_labels", "ctc_small_loss"
                }) {
              TestDriver.assertLaunches(1, kernel);
            }
            latticeKernels().forEach(kernel -> TestDriver.assertLaunches(1, kernel));
            TestDriver.assertLaunches(Floor.LAUNCHES - 1 + latticeKernels().size(), "");
            TestDriver.resetCounts();
            DeviceResult losses =
                DeviceResult.ofLosses(device.result.losses(), device.result.statuses());
            ctc.enqueue(device.batch, options, losses, address());
            long launches =
                3 + latticeKernels().stream().filter(k -> !k.endsWith("consume")).count();
            TestDriver.assertCalls(launches, "cuLaunchKernel");
            TestDriver.assertCalls(3 + launches + latticeFills(), "");
          }
        });
  }

  @Test
  @DisplayName("Results are there after the caller's wait, not before")
  void nothingWaits() {
    context.whileCurrent(
        () -> {
          try (DeviceTestBatch device = new DeviceTestBatch(drawn())) {
            ctc.enqueue(device.batch, device.host.options(), device.result, address());
            TestDriver.assertLaunches(0, "");
            stream.await(() -> "a test");
            TestDriver.assertLaunchesAtLeast(1, "");
            assertMatches(device, device.host.options());
          }
        });
  }

  @Test
  @DisplayName("A call captured in a graph computes, replayed, what the memory then holds")
  void capture() {
    context.whileCurrent(
        () -> {
          TestBatch host = drawn();
          try (DeviceTestBatch device = new DeviceTestBatch(host)) {
            ctc.enqueue(device.batch, host.options(), device.result, address());
            assertMatches(device, host.options());

            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            Driver.call(
                "cuStreamBeginCapture",
                () ->
                    cuStreamBeginCapture(
                        stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
            ctc.enqueue(device.batch, host.options(), device.result, address());
            Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));

            for (double[][] utterance : host.logits()) {
              for (double[] row : utterance) {
                for (int c = 0; c < row.length; c++) {
                  row[c] = (float) random.nextGaussian();
                }
              }
            }
            float[] others = DeviceTestBatch.logits(host);
            DeviceArrays.put(device.logits, others);
            TestDriver.resetCounts();
            Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, stream.handle()));
            stream.await(() -> "a test");
            TestDriver.assertCalls(0, "cuLaunchKernel");
            TestDriver.assertLaunches(4 + latticeKernels().size(), "");
            assertMatches(device, host.options());
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
          }
        });
  }

  @Test
  @DisplayName(
      "A workspace that would have to grow during a capture: refused, and the engine lives")
  void growingInCapture() {
    context.whileCurrent(
        () -> {
          try (DeviceTestBatch device = new DeviceTestBatch(drawn())) {
            CtcOptions options = device.host.options();
            Driver.call(
                "cuStreamBeginCapture",
                () ->
                    cuStreamBeginCapture(
                        stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
            DeviceException refused =
                assertThrows(
                    DeviceException.class,
                    () -> ctc.enqueue(device.batch, options, device.result, address()));
            assertTrue(
                refused.getMessage().contains("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"),
                refused::getMessage);
            Driver.code(() -> cuStreamEndCapture(stream.handle(), new CUgraph()));
            ctc.enqueue(device.batch, options, device.result, address());
            assertMatches(device, options);
          }
        });
  }

  @Test
  @DisplayName("No utterances: reduced loss 0; a closed engine says so")
  void empty() {
    context.whileCurrent(
        () -> {
          try (DeviceArrays arrays = new DeviceArrays()) {
            DeviceBatch none =
                new DeviceBatch(
                    DeviceTensor.timeMajor(0, ElementType.FLOAT32, 0, 5),
                    0,
                    0,
                    5,
                    DeviceTargets.padded(0, 0, 0, 0),
                    0);
            DeviceResult result =
                new DeviceResult(arrays.allocate(8), arrays.allocate(8), arrays.allocate(8), null);
            ctc.enqueue(none, CtcOptions.DEFAULT, result, address());
            assertEquals(0.0, DeviceArrays.doubles(result.reduced(), 1)[0]);
            ctc.close();
            assertThrows(
                IllegalStateException.class,
                () -> ctc.enqueue(none, CtcOptions.DEFAULT, result, address()));
          }
        });
  }

  @Test
  @DisplayName("Arguments that the host can check are refused before anything is enqueued")
  void refused() {
    DeviceTensor logits = DeviceTensor.timeMajor(256, ElementType.FLOAT32, 2, 5);
    DeviceTargets targets = DeviceTargets.padded(256, 2, 3, 256);
    DeviceResult result = DeviceResult.ofLosses(256, 256);
    DeviceBatch batch = new DeviceBatch(logits, 4, 2, 5, targets, 256);
    TestDriver.resetCounts();
    for (Runnable call :
        new Runnable[] {
          () -> ctc.enqueue(batch, CtcOptions.DEFAULT.withBlank(5), result, 0),
          () ->
              ctc.enqueue(
                  batch.withWeights(256),
                  CtcOptions.DEFAULT.withReduction(Reduction.MEAN),
                  result,
                  0),
          () ->
              ctc.enqueue(
                  new DeviceBatch(logits, 4, 2, 5, targets, 0), CtcOptions.DEFAULT, result, 0),
          () -> DeviceTensor.timeMajor(2, ElementType.FLOAT32, 2, 5),
          () -> DeviceResult.ofLosses(0, 256),
          () -> new DeviceBatch(logits, 1 << 20, 1 << 12, 5, targets, 256),
        }) {
      assertThrows(InvalidInputException.class, call::run);
    }
    TestDriver.assertCalls(0, "");
  }
}
