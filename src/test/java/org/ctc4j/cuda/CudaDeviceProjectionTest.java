package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Reduction;
import org.ctc4j.Seed;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Projected batches in device memory. */
@OnDevice
class CudaDeviceProjectionTest {
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

  private long address() {
    return StreamAddress.of(stream.handle());
  }

  private ProjectionCase drawn() {
    return ProjectionCase.random(random, ElementType.FLOAT32, 20, 3, 45, 6, 6);
  }

  private void assertMatches(
      DeviceProjectionCase device, CtcOptions options, double loss, double gradient) {
    String what = "replay with -Dctc4j.seed=" + seed;
    ProjectedResult expected = device.host.room();
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      reference.compute(device.host.batch(), options, expected);
    }
    double[] losses = device.losses();
    int[] statuses = device.statuses();
    for (int n = 0; n < losses.length; n++) {
      double tolerance = expected.loss(n) < 1 ? 1e3 * loss : loss;
      Agreement.assertLoss(expected.loss(n), losses[n], tolerance, () -> what);
      assertEquals(expected.status(n).ordinal(), statuses[n], what);
    }
    Agreement.assertLoss(expected.loss(), device.reduced(), loss, () -> what);
    Agreement.assertGradient(
        expected.hiddenGradient()::get, device.hiddenGradient(), gradient, () -> what);
    Agreement.assertGradient(
        column(expected.weightGradient())::get, device.weightGradient(), gradient, () -> what);
    Agreement.assertGradient(
        column(expected.biasGradient())::get, device.biasGradient(), gradient, () -> what);
  }

  private static FrameTensor column(Elements elements) {
    return FrameTensor.timeMajor(elements, (int) elements.length(), 1, 1);
  }

  @Test
  @DisplayName("Losses, statuses, reduced loss and gradients are the reference's")
  void matchesReference() {
    context.whileCurrent(
        () -> {
          for (Reduction reduction : Reduction.values()) {
            try (DeviceProjectionCase device = new DeviceProjectionCase(drawn(), false)) {
              CtcOptions options = device.options().withReduction(reduction).withZeroInfinity(true);
              ctc.enqueue(device.batch, options, device.result, address());
              assertMatches(device, options, 1e-6, 1e-5);
            }
          }
        });
  }

  @Test
  @DisplayName("Fast: TF32's digits, and fewer than without")
  void fast() {
    context.whileCurrent(
        () -> {
          try (DeviceProjectionCase device = new DeviceProjectionCase(drawn(), true)) {
            ctc.enqueue(device.batch, device.options(), device.result, address());
            assertMatches(device, device.options(), 1e-3, 1e-2);
            float[] fast = DeviceProjectionCase.floats(device.hiddenGradient().elements());
            try (DeviceProjectionCase exact = new DeviceProjectionCase(device.host, false)) {
              ctc.enqueue(exact.batch, exact.options(), exact.result, address());
              float[] other = DeviceProjectionCase.floats(exact.hiddenGradient().elements());
              // a GPU may round, and has no need to at this size
              assertFalse(TestDriver.isEmulated() && Arrays.equals(fast, other));
            }
          }
        });
  }

  @Test
  @DisplayName(
      "A workspace of the caller's, of the size that is told; one that is too small refused")
  void workspace() {
    context.whileCurrent(
        () -> {
          try (DeviceProjectionCase device = new DeviceProjectionCase(drawn(), false)) {
            long bytes = ctc.workspaceBytes(device.batch, device.result);
            long workspace = device.arrays.allocate(bytes);
            ctc.enqueue(device.batch, device.options(), device.result, address(), workspace, bytes);
            assertMatches(device, device.options(), 1e-6, 1e-5);
            InvalidInputException small =
                assertThrows(
                    InvalidInputException.class,
                    () ->
                        ctc.enqueue(
                            device.batch,
                            device.options(),
                            device.result,
                            0,
                            workspace,
                            bytes - 1));
            assertTrue(
                small.getMessage().startsWith("workspace: expected " + bytes), small::getMessage);
          }
        });
  }

  @Test
  @DisplayName("Bad labels and lengths, NaN in unused frames: statuses, and nothing is spoilt")
  void badValues() {
    context.whileCurrent(
        () -> {
          ProjectionCase any = ProjectionCase.random(random, ElementType.FLOAT32, 12, 5, 9, 4, 2);
          int[][] targets = {{1, 2}, {1, 9}, {0, 1}, {3, 3}, {4}};
          int[] lengths = {10, 12, 12, 13, 12};
          for (int d = 0; d < 4; d++) {
            any.hidden().set(11, 0, d, Double.NaN);
            any.hidden().set(3, 1, d, Double.NaN);
            any.hidden().set(3, 3, d, Double.NaN);
          }
          ProjectionCase host =
              new ProjectionCase(any.hidden(), any.projection(), targets, lengths, 0);
          ProjectionCase good =
              new ProjectionCase(
                  any.hidden(),
                  any.projection(),
                  new int[][] {{1, 2}, {}, {}, {}, {4}},
                  new int[] {10, 0, 0, 0, 12},
                  0);
          try (DeviceProjectionCase device = new DeviceProjectionCase(host, false)) {
            ctc.enqueue(device.batch, device.options(), device.result, address());
            int[] expected = {
              DeviceResult.OK,
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LENGTH,
              DeviceResult.OK
            };
            assertArrayEquals(expected, device.statuses());
            for (int n = 1; n < 4; n++) {
              assertTrue(Double.isNaN(device.losses()[n]));
            }
            ProjectedResult room = good.room();
            try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
              CtcOptions sum = good.options().withReduction(device.options().reduction());
              reference.compute(good.batch(), sum, room);
            }
            Agreement.assertGradient(
                room.hiddenGradient()::get, device.hiddenGradient(), 1e-5, () -> "seed " + seed);
            Agreement.assertGradient(
                column(room.weightGradient())::get,
                device.weightGradient(),
                1e-5,
                () -> "seed " + seed);
          }
        });
  }

  @Test
  @DisplayName(
      "A call is launches and products, and the driver is asked for the stream's number alone")
  void driverCalls() {
    context.whileCurrent(
        () -> {
          try (DeviceProjectionCase device = new DeviceProjectionCase(drawn(), false)) {
            ctc.enqueue(device.batch, device.options(), device.result, address());
            device.losses();
            TestDriver.resetCounts();
            ctc.enqueue(device.batch, device.options(), device.result, address());
            if (TestDriver.isEmulated()) {
              assertEquals(
                  """
                  cuCtxPopCurrent_v2 1
                  cuCtxPushCurrent_v2 1
                  cuLaunchKernel N
                  cuStreamGetId 1
                  cublasGemmEx 4
                  cublasSetStream_v2 1
                  cublasSetWorkspace_v2 1
                  """,
                  Emulator.callList().replaceAll("(cuLaunchKernel) \\d+", "$1 N"));
              assertEquals(0, Emulator.launches(""), "nothing may have waited for the device");
            }
            assertMatches(device, device.options(), 1e-6, 1e-5);
          }
        });
  }

  @Test
  @DisplayName("A call captured in a graph computes, replayed, what the memory then holds")
  void capture() {
    context.whileCurrent(
        () -> {
          ProjectionCase host = drawn();
          try (DeviceProjectionCase device = new DeviceProjectionCase(host, false)) {
            ctc.enqueue(device.batch, device.options(), device.result, address());
            stream.await(() -> "a test");
            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            Driver.call(
                "cuStreamBeginCapture",
                () ->
                    cuStreamBeginCapture(
                        stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
            ctc.enqueue(device.batch, device.options(), device.result, address());
            Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
            Elements hidden = host.hidden().elements();
            for (long i = 0; i < hidden.length(); i++) {
              hidden.set(i, random.nextGaussian());
            }
            float[] others = DeviceProjectionCase.floats(hidden);
            DeviceArrays.put(device.batch.frames().logits().address(), others);
            Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, stream.handle()));
            stream.await(() -> "a test");
            assertMatches(device, device.options(), 1e-6, 1e-5);
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
          }
        });
  }

  @Test
  @DisplayName("Arguments that the host can check are refused before anything is enqueued")
  void refused() {
    DeviceTensor hidden = DeviceTensor.timeMajor(256, ElementType.FLOAT32, 2, 4);
    DeviceTargets targets = DeviceTargets.padded(256, 2, 3, 256);
    DeviceProjection projection = new DeviceProjection(256, 0, ElementType.FLOAT32, 5, 4);
    DeviceProjectedBatch batch = new DeviceProjectedBatch(hidden, 4, 2, projection, targets, 256);
    DeviceProjectedResult result = DeviceProjectedResult.ofLosses(256, 256);
    DeviceBatch frames = batch.frames();
    TestDriver.resetCounts();
    for (Runnable call :
        new Runnable[] {
          () -> ctc.enqueue(batch, CtcOptions.DEFAULT.withBlank(5), result, 0),
          () -> ctc.enqueue(batch, CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS), result, 0),
          () -> new DeviceProjection(0, 0, ElementType.FLOAT32, 5, 4),
          () -> new DeviceProjection(256, 258, ElementType.FLOAT32, 5, 4),
          () -> new DeviceProjection(256, 0, ElementType.FLOAT32, 0, 4),
          () ->
              new DeviceProjectedBatch(
                  frames, new DeviceProjection(256, 0, ElementType.FLOAT32, 5, 3)),
          () ->
              new DeviceProjectedBatch(
                  frames, new DeviceProjection(256, 0, ElementType.FLOAT16, 5, 4)),
          () -> new DeviceProjectedResult(result.losses(), 0, 0, ElementType.BFLOAT16),
          () -> new DeviceProjectedResult(result.losses(), 2, 0, ElementType.FLOAT32),
        }) {
      assertThrows(InvalidInputException.class, call::run);
    }
    TestDriver.assertCalls(0, "");
  }
}
