package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelPriors;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Reduction;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.Driver;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blank penalty and label priors with what is in device memory. */
@OnDevice
@Tag("ptx")
class CudaDeviceOffsetsTest {
  private static final int FRAMES = 11;
  private static final int UTTERANCES = 3;
  private static final int CLASSES = 1000; // of three launches, see ctc_target_offsets

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  @RegisterExtension final DeviceStream gpu = new DeviceStream();

  private String where(Object what) {
    return what + "; replay with -Dctc4j.seed=" + seed;
  }

  private CtcOptions drawn(CtcOptions options, int classes) {
    double[] logPriors = random.doubles(classes).map(x -> -9 * x).toArray();
    return options
        .withReduction(Reduction.MEAN)
        .withBlankPenalty(1 + random.nextDouble())
        .withLabelPriors(LabelPriors.of(logPriors, 0.5));
  }

  /** Numbers of any type in device memory, and the same on the host. */
  private final class Case implements AutoCloseable {
    final TestBatch drawn = TestBatch.random(random, FRAMES, UTTERANCES, CLASSES, 5, 2);
    final CtcOptions options = drawn(drawn.options(), CLASSES);
    final DeviceArrays arrays = new DeviceArrays();
    final CtcBatch host;
    final DeviceBatch batch;

    Case(ElementType type) {
      FrameTensor logits = drawn.fill(drawn.timeMajor().zerosLike(type));
      host = drawn.batch(logits);
      int most = host.targets().maxLength();
      int[] padded = new int[UTTERANCES * most];
      int[] lengths = new int[UTTERANCES];
      for (int n = 0; n < UTTERANCES; n++) {
        lengths[n] = drawn.targets()[n].length;
        System.arraycopy(drawn.targets()[n], 0, padded, n * most, lengths[n]);
      }
      batch =
          new DeviceBatch(
              DeviceTensor.timeMajor(arrays.of(logits.elements()), type, UTTERANCES, CLASSES),
              FRAMES,
              UTTERANCES,
              CLASSES,
              DeviceTargets.padded(arrays.of(padded), UTTERANCES, most, arrays.of(lengths)),
              arrays.of(drawn.inputLengths()));
    }

    DeviceTensor place(ElementType type, int columns) {
      long address = arrays.allocate((long) type.bytes() * FRAMES * UTTERANCES * columns);
      return DeviceTensor.timeMajor(address, type, UTTERANCES, columns);
    }

    FrameTensor read(DeviceTensor place, int columns) {
      Elements numbers =
          DeviceArrays.elements(place.address(), place.type(), FRAMES * UTTERANCES * columns);
      return FrameTensor.timeMajor(numbers, FRAMES, UTTERANCES, columns);
    }

    @Override
    public void close() {
      arrays.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Losses, gradient and posteriors are the reference's; logits stay as they were")
  void losses(ElementType type) {
    gpu.whileCurrent(
        () -> {
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Ctc reference = Ctc.create(Backend.REFERENCE);
              Case one = new Case(type)) {
            int states = 2 * one.host.targets().maxLength() + 1;
            DeviceResult places =
                new DeviceResult(
                    one.arrays.allocate(8L * UTTERANCES),
                    one.arrays.allocate(4L * UTTERANCES),
                    one.arrays.allocate(8),
                    one.place(ElementType.FLOAT32, CLASSES),
                    one.place(ElementType.FLOAT32, CLASSES),
                    one.place(ElementType.FLOAT32, states));
            ctc.enqueue(one.batch, one.options, places, gpu.address());
            CtcResult expected = reference.lossAndGradient(one.host, one.options);
            double[] losses = DeviceArrays.doubles(places.losses(), UTTERANCES);
            for (int n = 0; n < UTTERANCES; n++) {
              Agreement.assertLoss(expected.loss(n), losses[n], 1e-6, () -> where(type));
            }
            double reduced = DeviceArrays.doubles(places.reduced(), 1)[0];
            Agreement.assertLoss(expected.loss(), reduced, 1e-6, () -> where("reduced"));
            assertNear(expected.gradient(), one.read(places.gradient(), CLASSES), "gradient");
            FrameTensor posteriors = reference.posteriors(one.host, one.options).posteriors();
            assertNear(posteriors, one.read(places.posteriors(), CLASSES), "posteriors");
            FrameTensor ofStates =
                reference.statePosteriors(one.host, one.options).statePosteriors();
            assertNear(ofStates, one.read(places.statePosteriors(), states), "states");
            FrameTensor logits = one.read(one.batch.logits(), CLASSES);
            for (long i = 0; i < logits.elements().length(); i++) {
              assertEquals(one.host.logits().elements().get(i), logits.elements().get(i));
            }
          }
        });
  }

  private void assertNear(FrameTensor expected, FrameTensor got, String what) {
    Agreement.assertGradient(expected::get, got, 1e-5, () -> where(what));
  }

  @Test
  @DisplayName("A graph has the offsets of its capture, whatever was computed since")
  void captured() {
    gpu.whileCurrent(
        () -> {
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Case one = new Case(ElementType.FLOAT32)) {
            long address = gpu.address();
            DeviceResult places =
                DeviceResult.ofLosses(
                    one.arrays.allocate(8L * UTTERANCES), one.arrays.allocate(4L * UTTERANCES));
            ctc.enqueue(one.batch, one.options, places, address);
            double[] expected = DeviceArrays.doubles(places.losses(), UTTERANCES);

            CUgraph graph = new CUgraph();
            CUgraphExec exec = new CUgraphExec();
            int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL;
            Driver.call(
                "cuStreamBeginCapture", () -> cuStreamBeginCapture(gpu.stream().handle(), mode));
            ctc.enqueue(one.batch, one.options, places, address);
            Driver.call(
                "cuStreamEndCapture", () -> cuStreamEndCapture(gpu.stream().handle(), graph));
            Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
            CtcOptions penalty = one.drawn.options().withBlankPenalty(9);
            for (CtcOptions other : List.of(penalty, one.drawn.options())) {
              ctc.enqueue(one.batch, other, places, address);
              double[] others = DeviceArrays.doubles(places.losses(), UTTERANCES);
              assertTrue(others[0] != expected[0], where("other options, the same loss"));
              Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, gpu.stream().handle()));
              assertArrayEquals(expected, DeviceArrays.doubles(places.losses(), UTTERANCES));
            }
            Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
            Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
          }
        });
  }

  @Test
  @DisplayName("Hidden states with a projection have what their logits have")
  void projection() {
    gpu.whileCurrent(
        () -> {
          ProjectionCase host =
              ProjectionCase.random(random, ElementType.FLOAT32, 12, 3, 600, 6, 5);
          CtcOptions options = drawn(host.options(), 600);
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              Ctc reference = Ctc.create(Backend.REFERENCE);
              DeviceProjectionCase device = new DeviceProjectionCase(host, false)) {
            ProjectedResult expected = host.room();
            reference.compute(host.batch(), options, expected);
            ctc.enqueue(device.batch, options, device.result, gpu.address());
            double[] losses = device.losses();
            for (int n = 0; n < host.utterances(); n++) {
              Agreement.assertLoss(expected.loss(n), losses[n], 1e-6, () -> where("projection"));
            }
            assertNear(expected.hiddenGradient(), device.hiddenGradient(), "hidden");
            assertNear(column(expected.weightGradient()), device.weightGradient(), "weight");
            assertNear(column(expected.biasGradient()), device.biasGradient(), "bias");
          }
        });
  }

  private static FrameTensor column(Elements elements) {
    return FrameTensor.timeMajor(elements, (int) elements.length(), 1, 1);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Alignment goes by the changed weights, as on the host")
  void alignment(ElementType type) {
    gpu.whileCurrent(
        () -> {
          try (CudaAligner aligner = CudaAligner.create(0, EngineOptions.DEFAULT);
              Case one = new Case(type)) {
            int count = UTTERANCES * FRAMES;
            DevicePaths paths =
                new DevicePaths(
                    one.arrays.allocate(4L * count),
                    one.arrays.allocate(8L * count),
                    one.arrays.allocate(8L * UTTERANCES),
                    one.arrays.allocate(4L * UTTERANCES));
            aligner.enqueue(one.batch, one.options, paths, gpu.address());
            int[] states = DeviceArrays.ints(paths.states(), count);
            double[] scores = DeviceArrays.doubles(paths.scores(), UTTERANCES);
            List<CtcPath> expected = CtcAligner.create(Backend.CPU).align(one.host, one.options);
            for (int n = 0; n < UTTERANCES; n++) {
              CtcPath path = expected.get(n);
              assertEquals(path.logProbability(), scores[n], 1e-9, where(type));
              for (int t = 0; t < path.frames(); t++) {
                assertEquals(path.state(t), states[n * FRAMES + t], where(type));
              }
            }
          }
        });
  }
}
