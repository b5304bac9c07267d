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

import java.util.Random;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.ConsistencyGradient;
import org.ctc4j.ConsistencyResult;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.DeviceConsistencyResult;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two views in device memory. */
@OnDevice
class CudaDeviceConsistencyTest {
  private static final int FRAMES = 7;
  private static final int UTTERANCES = 4;
  private static final int[] LENGTHS = {7, 0, 3, 6};
  private static final double[] WEIGHTS = {1, 1, 0, -2.5};

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

  private String where(Object what) {
    return what + "; replay with -Dctc4j.seed=" + seed;
  }

  private long address() {
    return StreamAddress.of(stream.handle());
  }

  /** Two views on the host and on the device, with places for all there is. */
  private final class Case implements AutoCloseable {
    final int classes;
    final FrameTensor first;
    final FrameTensor second;
    final DeviceArrays arrays = new DeviceArrays();
    final DeviceConsistencyBatch batch;
    final DeviceConsistencyResult result;

    Case(ElementType ofFirst, ElementType ofSecond, int classes) {
      this.classes = classes;
      first = drawn(ofFirst);
      second = drawn(ofSecond);
      batch =
          new DeviceConsistencyBatch(
                  tensor(arrays.of(first.elements()), ofFirst),
                  tensor(arrays.of(second.elements()), ofSecond),
                  FRAMES,
                  UTTERANCES,
                  classes,
                  arrays.of(LENGTHS))
              .withWeights(arrays.of(WEIGHTS));
      result =
          new DeviceConsistencyResult(
              arrays.allocate(8 * UTTERANCES),
              arrays.allocate(4 * UTTERANCES),
              arrays.allocate(8),
              place(ofFirst),
              place(ofSecond));
    }

    private FrameTensor drawn(ElementType type) {
      Elements numbers = Elements.allocate(type, (long) FRAMES * UTTERANCES * classes);
      for (long i = 0; i < numbers.length(); i++) {
        numbers.set(i, 2 * random.nextGaussian());
      }
      return FrameTensor.timeMajor(numbers, FRAMES, UTTERANCES, classes);
    }

    private DeviceTensor place(ElementType type) {
      return tensor(arrays.allocate((long) FRAMES * UTTERANCES * classes * type.bytes()), type);
    }

    private DeviceTensor tensor(long address, ElementType type) {
      return DeviceTensor.timeMajor(address, type, UTTERANCES, classes);
    }

    ConsistencyResult expected(ConsistencyGradient kind) {
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        ConsistencyBatch host = ConsistencyBatch.of(first, second, LENGTHS).withWeights(WEIGHTS);
        return reference.lossAndGradient(host, kind);
      }
    }

    double[] losses() {
      return DeviceArrays.doubles(result.losses(), UTTERANCES);
    }

    int[] statuses() {
      return DeviceArrays.ints(result.statuses(), UTTERANCES);
    }

    double reduced() {
      return DeviceArrays.doubles(result.reduced(), 1)[0];
    }

    FrameTensor read(DeviceTensor place) {
      int count = FRAMES * UTTERANCES * classes;
      return FrameTensor.timeMajor(
          DeviceArrays.elements(place.address(), place.type(), count), FRAMES, UTTERANCES, classes);
    }

    void assertMatches(ConsistencyGradient kind) {
      ConsistencyResult expected = expected(kind);
      double[] losses = losses();
      for (int n = 0; n < UTTERANCES; n++) {
        Agreement.assertLoss(expected.loss(n), losses[n], 1e-6, () -> where(kind));
        assertEquals(expected.status(n).ordinal(), statuses()[n], where(kind));
      }
      Agreement.assertLoss(expected.loss(), reduced(), 1e-6, () -> where("reduced"));
      assertNear(expected.firstGradient(), read(result.firstGradient()));
      assertNear(expected.secondGradient(), read(result.secondGradient()));
    }

    private void assertNear(FrameTensor expected, FrameTensor got) {
      double tolerance = got.elements().type().bytes() == 2 ? 1e-2 : 1e-5;
      Agreement.assertGradient(expected::get, got, tolerance, () -> where(got));
    }

    @Override
    public void close() {
      arrays.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, FLOAT32, 29",
    "FLOAT16, BFLOAT16, 5",
    "FLOAT64, FLOAT32, 40",
    "BFLOAT16, FLOAT16, 1100",
    "FLOAT64, FLOAT64, 600"
  })
  @DisplayName("Losses, statuses, reduced loss and gradients are the reference's, whatever types")
  void matchesReference(ElementType first, ElementType second, int classes) {
    context.whileCurrent(
        () -> {
          try (Case one = new Case(first, second, classes)) {
            for (ConsistencyGradient kind : ConsistencyGradient.values()) {
              ctc.enqueue(one.batch, kind, one.result, address());
              one.assertMatches(kind);
            }
          }
        });
  }

  @Test
  @DisplayName("Prepared, a call is captured in a graph, and computes what the memory then holds")
  void captured() {
    context.whileCurrent(
        () -> {
          ConsistencyGradient kind = ConsistencyGradient.FULL;
          try (Case one = new Case(ElementType.FLOAT32, ElementType.FLOAT32, 6)) {
            ctc.prepare(one.batch, one.result, address());
            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL;
            Driver.call("cuStreamBeginCapture", () -> cuStreamBeginCapture(stream.handle(), mode));
            ctc.enqueue(one.batch, kind, one.result, address());
            Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
            for (int c = 0; c < 6; c++) {
              one.first.set(2, 0, c, random.nextGaussian());
            }
            DeviceArrays.put(one.batch.first().address(), (float[]) one.first.elements().storage());
            Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, stream.handle()));
            one.assertMatches(kind);
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
          }
        });
  }

  @Test
  @DisplayName("The same bits twice, in a workspace of the caller's, with threads in any order")
  void sameBits() {
    context.whileCurrent(
        () -> {
          ConsistencyGradient kind = ConsistencyGradient.FULL;
          try (Case one = new Case(ElementType.FLOAT32, ElementType.BFLOAT16, 1100)) {
            ctc.enqueue(one.batch, kind, one.result, address());
            double[] losses = one.losses();
            float[] gradient = one.read(one.result.firstGradient()).elements().toFloatArray();
            long bytes = ctc.workspaceBytes(one.batch);
            long workspace = one.arrays.allocate(bytes);
            TestDriver.set("seed", 5);
            ctc.enqueue(one.batch, kind, one.result, address(), workspace, bytes);
            assertArrayEquals(losses, one.losses());
            assertArrayEquals(
                gradient, one.read(one.result.firstGradient()).elements().toFloatArray());
            assertThrows(
                InvalidInputException.class,
                () -> ctc.enqueue(one.batch, kind, one.result, 0, workspace, bytes - 1));
          }
        });
  }

  @Test
  @DisplayName("A length out of its range, known to the device alone, is said so; gradients are 0")
  void badLengths() {
    context.whileCurrent(
        () -> {
          try (Case one = new Case(ElementType.FLOAT32, ElementType.FLOAT32, 5)) {
            DeviceConsistencyBatch bad =
                new DeviceConsistencyBatch(
                    one.batch.first(),
                    one.batch.second(),
                    FRAMES,
                    UTTERANCES,
                    5,
                    one.arrays.of(8, -1, 3, 7),
                    one.arrays.of(7, 7, 7, 6),
                    0);
            ctc.enqueue(bad, ConsistencyGradient.STOPPED, one.result, address());
            int[] expected = {
              DeviceResult.BAD_LENGTH,
              DeviceResult.BAD_LENGTH,
              DeviceResult.OK,
              DeviceResult.BAD_LENGTH
            };
            assertArrayEquals(expected, one.statuses());
            assertTrue(Double.isNaN(one.losses()[3]) && Double.isNaN(one.reduced()));
            FrameTensor gradient = one.read(one.result.secondGradient());
            for (int t = 0; t < FRAMES; t++) {
              for (int c = 0; c < 5; c++) {
                assertEquals(0, gradient.get(t, 0, c));
                assertEquals(t < 3, gradient.get(t, 2, c) != 0, where("frame " + t));
              }
            }
          }
        });
  }
}
