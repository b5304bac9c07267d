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
import java.util.Random;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
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
import org.ctc4j.LabelPriors;
import org.ctc4j.Reduction;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.Wildcards;
import org.ctc4j.cuda.driver.Driver;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Targets with wildcards in device memory, where the host does not know which have some. */
@OnDevice
@Tag("ptx")
class CudaDeviceWildcardsTest {
  private static final int FRAMES = 9;
  private static final int UTTERANCES = 4;
  private static final int CLASSES = 500; // offsets come in two launches
  private static final int LONGEST = 6;
  private static final int F = Wildcards.FRAMES;
  private static final int L = Wildcards.LABELS;
  private static final Wildcards WILDCARDS = Wildcards.DEFAULT.withFramePenalty(0.2);

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  @RegisterExtension final DeviceStream gpu = new DeviceStream();

  private String where(Object what) {
    return what + "; replay with -Dctc4j.seed=" + seed;
  }

  /** A batch on the device and the same on the host, if that may have its targets. */
  private final class Case implements AutoCloseable {
    final DeviceArrays arrays = new DeviceArrays();
    final FrameTensor logits;
    final int[][] targets;
    final int[] inputLengths;
    final DeviceBatch batch;
    final DeviceResult result;

    Case(ElementType type, int classes, int[][] targets, int... inputLengths) {
      this.targets = targets;
      this.inputLengths = inputLengths;
      TestBatch drawn = TestBatch.random(random, FRAMES, UTTERANCES, classes, 1, 2);
      logits = drawn.fill(drawn.timeMajor().zerosLike(type));
      batch = batch();
      result =
          new DeviceResult(
              arrays.allocate(8L * UTTERANCES),
              arrays.allocate(4L * UTTERANCES),
              arrays.allocate(8),
              place(type, classes),
              place(ElementType.FLOAT32, classes),
              place(ElementType.FLOAT64, 2 * LONGEST + 1));
    }

    /** As the logits are now. */
    DeviceBatch batch() {
      int[] padded = new int[UTTERANCES * LONGEST];
      Arrays.fill(padded, -7);
      int[] lengths = new int[UTTERANCES];
      for (int n = 0; n < UTTERANCES; n++) {
        lengths[n] = targets[n].length;
        System.arraycopy(targets[n], 0, padded, n * LONGEST, lengths[n]);
      }
      ElementType type = logits.elements().type();
      return new DeviceBatch(
          DeviceTensor.timeMajor(arrays.of(logits.elements()), type, UTTERANCES, logits.classes()),
          FRAMES,
          UTTERANCES,
          logits.classes(),
          DeviceTargets.padded(arrays.of(padded), UTTERANCES, LONGEST, arrays.of(lengths))
              .withWildcards(WILDCARDS),
          arrays.of(inputLengths));
    }

    CtcBatch host() {
      return CtcBatch.of(logits, Targets.of(targets).withWildcards(WILDCARDS), inputLengths);
    }

    private DeviceTensor place(ElementType type, int columns) {
      long address = arrays.allocate((long) type.bytes() * FRAMES * UTTERANCES * columns);
      return DeviceTensor.timeMajor(address, type, UTTERANCES, columns);
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

    FrameTensor gradient() {
      return read(result.gradient(), logits.classes());
    }

    FrameTensor posteriors() {
      return read(result.posteriors(), logits.classes());
    }

    FrameTensor statePosteriors() {
      return read(result.statePosteriors(), 2 * LONGEST + 1);
    }

    private FrameTensor read(DeviceTensor place, int columns) {
      int count = FRAMES * UTTERANCES * columns;
      Elements numbers = DeviceArrays.elements(place.address(), place.type(), count);
      return FrameTensor.timeMajor(numbers, FRAMES, UTTERANCES, columns);
    }

    @Override
    public void close() {
      arrays.close();
    }
  }

  private Case drawn(ElementType type) {
    int[][] targets = {{F, 5, L, 7, F, 9}, {5, 5, 8}, {3, F, 3}, {}};
    return new Case(type, CLASSES, targets, 9, 8, 7, 2);
  }

  private CtcOptions drawnOptions(boolean offsets) {
    CtcOptions options = CtcOptions.DEFAULT.withReduction(Reduction.MEAN);
    double[] priors = random.doubles(CLASSES).map(x -> -9 * x).toArray();
    return offsets
        ? options.withBlankPenalty(1).withLabelPriors(LabelPriors.of(priors, 0.5))
        : options;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Losses, gradient, posteriors and the reduced loss are the reference's")
  void losses(ElementType type) {
    gpu.whileCurrent(
        () -> {
          CtcOptions options = drawnOptions(type.ordinal() % 2 == 1);
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              CudaCtc frugal = CudaCtc.create(0, EngineOptions.DEFAULT.withWorkspaceBytes(1));
              Ctc reference = Ctc.create(Backend.REFERENCE);
              Case one = drawn(type)) {
            ctc.enqueue(one.batch, options, one.result, gpu.address());
            CtcResult expected = reference.lossAndGradient(one.host(), options);
            double[] losses = one.losses();
            for (int n = 0; n < UTTERANCES; n++) {
              Agreement.assertLoss(expected.loss(n), losses[n], 1e-6, () -> where(type));
            }
            Agreement.assertLoss(expected.loss(), one.reduced(), 1e-6, () -> where("reduced"));
            double rounding = type.bytes() == 2 ? 1e-2 : 1e-5;
            FrameTensor gradient = one.gradient();
            assertNear(expected.gradient(), gradient, rounding, "gradient");
            CtcBatch host = one.host();
            FrameTensor posteriors = reference.posteriors(host, options).posteriors();
            assertNear(posteriors, one.posteriors(), 1e-5, "posteriors");
            FrameTensor ofStates = reference.statePosteriors(host, options).statePosteriors();
            assertNear(ofStates, one.statePosteriors(), 1e-5, "states");

            long bytes = frugal.workspaceBytes(one.batch, one.result);
            assertTrue(bytes < ctc.workspaceBytes(one.batch, one.result), where("bytes"));
            long room = one.arrays.allocate(bytes);
            frugal.enqueue(one.batch, options, one.result, gpu.address(), room, bytes);
            assertArrayEquals(losses, one.losses(), where("little memory"));
            Elements again = one.gradient().elements();
            for (int i = 0; i < again.length(); i++) {
              assertEquals(gradient.elements().get(i), again.get(i), where("little memory"));
            }
          }
        });
  }

  private void assertNear(FrameTensor expected, FrameTensor got, double tolerance, String what) {
    Agreement.assertGradient(expected::get, got, tolerance, () -> where(what));
  }

  @Test
  @DisplayName("What is wrong shows in the statuses, and nothing of it in the other utterances")
  void statuses() {
    gpu.whileCurrent(
        () -> {
          int[][] targets = {{F, 9}, {1, F, -1}, {F, 1, 1}, {1, F}};
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Case one = new Case(ElementType.FLOAT32, 4, targets, 5, 5, 2, 10)) {
            CtcOptions options = CtcOptions.DEFAULT.withZeroInfinity(true);
            ctc.enqueue(one.batch, options, one.result, gpu.address());
            int[] expected = {
              DeviceResult.BAD_LABEL,
              DeviceResult.BAD_LABEL,
              DeviceResult.INFEASIBLE,
              DeviceResult.BAD_LENGTH
            };
            assertArrayEquals(expected, one.statuses(), where("statuses"));
            double[] losses = {Double.NaN, Double.NaN, 0, Double.NaN};
            assertArrayEquals(losses, one.losses(), where("losses"));
            assertAllZero(one.gradient());
            assertAllZero(one.posteriors());
            assertAllZero(one.statePosteriors());
          }
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Case one =
                  new Case(ElementType.FLOAT32, 4, new int[][] {{F}, {F}, {F}, {F}}, 9, 9, 9, 9)) {
            for (long i = 0; i < one.logits.elements().length(); i++) {
              one.logits.elements().set(i, -Math.log(4));
            }
            one.logits.set(3, 0, 1, Double.NaN);
            one.logits.set(4, 1, 2, 0.5);
            CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
            ctc.enqueue(one.batch(), options, one.result, gpu.address());
            int[] expected = {DeviceResult.NOT_FINITE, DeviceResult.BAD_LOG_PROBS, 0, 0};
            assertArrayEquals(expected, one.statuses(), where("statuses"));
            FrameTensor posteriors = one.posteriors();
            for (int n = 0; n < UTTERANCES; n++) {
              assertEquals(n >= 2, posteriors.get(5, n, 1) > 0.2, where(n)); // else on a blank
            }
          }
        });
  }

  private void assertAllZero(FrameTensor tensor) {
    for (long i = 0; i < tensor.elements().length(); i++) {
      assertEquals(0, tensor.elements().get(i), where(i));
    }
  }

  @Test
  @DisplayName("Labels may be left out at a cost; without wildcards the bits are those without")
  void skips() {
    gpu.whileCurrent(
        () -> {
          int[][] targets = {{1, 2, 3, 1}, {1, 1}, {2}, {}};
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Ctc reference = Ctc.create(Backend.REFERENCE);
              Case one = new Case(ElementType.FLOAT32, 4, targets, 3, 9, 9, 9)) {
            DeviceTargets allowed = one.batch.targets();
            DeviceTargets plain =
                DeviceTargets.padded(allowed.labels(), UTTERANCES, LONGEST, allowed.lengths());
            CtcOptions options = CtcOptions.DEFAULT;
            ctc.enqueue(with(one.batch, plain), options, one.result, gpu.address());
            double[] losses = one.losses();
            FrameTensor gradient = one.gradient();
            ctc.enqueue(one.batch, options, one.result, gpu.address());
            assertArrayEquals(losses, one.losses(), where("plain"));
            for (long i = 0; i < gradient.elements().length(); i++) {
              assertEquals(gradient.elements().get(i), one.gradient().elements().get(i), where(i));
            }
            Wildcards skipping = Wildcards.DEFAULT.withSkipCost(0.5);
            DeviceTargets skipped = plain.withWildcards(skipping);
            ctc.enqueue(with(one.batch, skipped), options, one.result, gpu.address());
            CtcBatch host =
                CtcBatch.of(
                    one.logits, Targets.of(targets).withWildcards(skipping), one.inputLengths);
            CtcResult expected = reference.lossAndGradient(host, options);
            for (int n = 0; n < UTTERANCES; n++) {
              int of = n;
              Agreement.assertLoss(expected.loss(n), one.losses()[n], 1e-6, () -> where(of));
            }
            assertNear(expected.gradient(), one.gradient(), 1e-5, "gradient");
          }
        });
  }

  private static DeviceBatch with(DeviceBatch batch, DeviceTargets targets) {
    return new DeviceBatch(
        batch.logits(),
        batch.frames(),
        batch.utterances(),
        batch.classes(),
        targets,
        batch.inputLengths());
  }

  @Test
  @DisplayName("After prepare a call can be captured")
  void captured() {
    gpu.whileCurrent(
        () -> {
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Case one = drawn(ElementType.FLOAT32)) {
            ctc.prepare(one.batch, one.result, gpu.address());
            CtcOptions options = drawnOptions(true);
            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL;
            Driver.call(
                "cuStreamBeginCapture", () -> cuStreamBeginCapture(gpu.stream().handle(), mode));
            ctc.enqueue(one.batch, options, one.result, gpu.address());
            Driver.call(
                "cuStreamEndCapture", () -> cuStreamEndCapture(gpu.stream().handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
            ctc.enqueue(one.batch, options, one.result, gpu.address());
            double[] expected = one.losses();
            ctc.enqueue(one.batch, CtcOptions.DEFAULT, one.result, gpu.address());
            assertTrue(one.losses()[0] != expected[0], where("other options, the same loss"));
            Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, gpu.stream().handle()));
            assertArrayEquals(expected, one.losses(), where("graph"));
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
          }
        });
  }

  @Test
  @DisplayName("Projections refuse targets that may have wildcards")
  void refused() {
    gpu.whileCurrent(
        () -> {
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Case one = drawn(ElementType.FLOAT32)) {
            DeviceProjection projection =
                new DeviceProjection(8, 0, ElementType.FLOAT32, 4, CLASSES);
            DeviceProjectedBatch hidden = new DeviceProjectedBatch(one.batch, projection);
            DeviceProjectedResult result = DeviceProjectedResult.ofLosses(8, 8);
            String message =
                assertThrows(
                        InvalidInputException.class,
                        () -> ctc.enqueue(hidden, CtcOptions.DEFAULT, result, gpu.address()))
                    .getMessage();
            assertTrue(message.startsWith("targets: a projection takes no wildcards"), message);
          }
        });
  }
}
