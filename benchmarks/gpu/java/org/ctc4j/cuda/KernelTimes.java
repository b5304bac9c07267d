package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.LossKernels;
import org.ctc4j.cuda.kernels.LossWorkspace;

/**
 * Times losses and gradients on the first GPU, for flat logits and for peaked ones, in lines of
 * {@link Measurements}:
 *
 * <ul>
 *   <li>{@code cuda-device}: from device memory to device memory by CUDA events, each call on the
 *       next of several copies that exceed the L2; beside it, how exact the results are, by the
 *       reference
 *   <li>{@code cuda-device-l2}: the same on one copy, again and again
 *   <li>{@code cuda-graph-device}: the call captured in a CUDA graph and replayed, on the copies
 *   <li>{@code cuda}: from arrays on the host to arrays on the host
 *   <li>each kernel of a call
 * </ul>
 *
 * Arguments: names of shapes, or none for the suite.
 */
public final class KernelTimes {
  private static final int WARM_UP = 5;
  private static final int RUNS = 31;
  private static final CtcOptions OPTIONS = CtcOptions.DEFAULT;

  private final CudaDevice device;
  private final CudaCtc ctc;
  private final PrimaryContext context;

  private KernelTimes(CudaDevice device, CudaCtc ctc, PrimaryContext context) {
    this.device = device;
    this.ctc = ctc;
    this.context = context;
  }

  public static void main(String... names) {
    List<Shape> shapes =
        names.length == 0 ? Shape.SUITE : Arrays.stream(names).map(Shape::of).toList();
    CudaDevice device = CudaCtc.devices().get(0);
    try (CudaCtc ctc = CudaCtc.create(device.index(), EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(device.index())) {
      Measurements.print("library", ctc.device());
      KernelTimes times = new KernelTimes(device, ctc, context);
      for (Shape shape : shapes) {
        times.measureFlat(shape);
        times.measurePeaked(shape);
      }
    }
  }

  private void measureFlat(Shape shape) {
    Workload workload = Workload.of(shape);
    context.whileCurrent(
        () -> {
          try (DeviceCalls losses = new DeviceCalls(workload, false);
              DeviceCalls gradient = new DeviceCalls(workload, true)) {
            print(shape, "flat", "loss", "cuda-device", losses.rotated());
            gradient.printAll("flat");
            print(shape, "flat", "gradient", "cuda-device-l2", gradient.inL2());
          }
        });
    int n = shape.utterances();
    print(shape, "flat", "loss", "cuda", fromHost(workload, CtcResult.ofLosses(n)));
    CtcResult result = CtcResult.ofGradient(workload.tensor(new float[workload.logits().length]));
    print(shape, "flat", "gradient", "cuda", fromHost(workload, result));
  }

  private void measurePeaked(Shape shape) {
    Workload workload = Workload.peaked(shape);
    context.whileCurrent(
        () -> {
          try (DeviceCalls gradient = new DeviceCalls(workload, true)) {
            gradient.printAll("peaked");
          }
        });
  }

  private static void print(
      Shape shape, String logits, String mode, String implementation, double[] times) {
    print(shape, logits, mode, implementation, times, new Errors(Double.NaN, Double.NaN));
  }

  private static void print(
      Shape shape,
      String logits,
      String mode,
      String implementation,
      double[] times,
      Errors errors) {
    Measurements.print(
        "time",
        shape,
        logits,
        mode,
        implementation,
        Measurements.median(times),
        Measurements.fastest(times),
        errors.loss,
        errors.gradient);
  }

  /** As {@link Measurements.Time} has them. */
  private record Errors(double loss, double gradient) {}

  /** Calls on one workload in device memory. */
  private final class DeviceCalls implements AutoCloseable {
    private final Workload workload;
    private final DeviceWorkload memory;
    private final Stream stream = new Stream();
    private final StreamTimer timer = new StreamTimer(stream);
    private final long handle = StreamAddress.of(stream.handle());

    DeviceCalls(Workload workload, boolean gradient) {
      this.workload = workload;
      memory = new DeviceWorkload(workload, device.index(), gradient);
    }

    private void enqueue(int copy) {
      ctc.enqueue(memory.batch(copy), OPTIONS, memory.result(copy), handle);
    }

    double[] rotated() {
      return timer.times(WARM_UP, RUNS, this::enqueue);
    }

    double[] inL2() {
      return timer.times(WARM_UP, RUNS, run -> enqueue(0));
    }

    /** What is measured of flat and of peaked logits. */
    void printAll(String logits) {
      Shape shape = workload.shape();
      double[] rotated = rotated();
      print(shape, logits, "gradient", "cuda-device", rotated, errors());
      print(shape, logits, "gradient", "cuda-graph-device", replayed());
      byKernel()
          .forEach(
              (kernel, times) ->
                  Measurements.print(
                      "kernel",
                      shape,
                      logits,
                      kernel,
                      Measurements.median(times),
                      Measurements.fastest(times)));
    }

    /** Of the first copy, by the reference. */
    private Errors errors() {
      Shape shape = workload.shape();
      DeviceResult result = memory.result(0);
      enqueue(0);
      double[] losses = DeviceArrays.doubles(result.losses(), shape.utterances());
      int numbers = workload.logits().length;
      float[] gradient = DeviceArrays.floats(result.gradient().address(), numbers);
      double[] expectedGradient = new double[numbers];
      CtcResult expected =
          CtcResult.ofGradient(
              FrameTensor.timeMajor(
                  expectedGradient, shape.frames(), shape.utterances(), shape.classes()));
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        reference.compute(workload.batch(), OPTIONS, expected);
      }
      double worst = 0;
      for (int n = 0; n < losses.length; n++) {
        worst =
            Math.max(worst, Math.abs(losses[n] - expected.loss(n)) / Math.abs(expected.loss(n)));
      }
      double error = 0;
      double norm = 0;
      for (int i = 0; i < numbers; i++) {
        double difference = gradient[i] - expectedGradient[i];
        error += difference * difference;
        norm += expectedGradient[i] * expectedGradient[i];
      }
      return new Errors(worst, Math.sqrt(error / norm));
    }

    private double[] replayed() {
      List<CUgraphExec> graphs =
          IntStream.range(0, Math.min(memory.copies(), WARM_UP + RUNS))
              .mapToObj(this::captured)
              .toList();
      double[] times =
          timer.times(
              WARM_UP,
              RUNS,
              run ->
                  Driver.call(
                      "cuGraphLaunch",
                      () -> cuGraphLaunch(graphs.get(run % graphs.size()), stream.handle())));
      graphs.forEach(exec -> Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec)));
      return times;
    }

    private CUgraphExec captured(int copy) {
      CUgraph graph = new CUgraph();
      CUgraphExec exec = new CUgraphExec();
      int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
      Driver.call("cuStreamBeginCapture", () -> cuStreamBeginCapture(stream.handle(), mode));
      enqueue(copy);
      Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
      Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
      Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
      return exec;
    }

    private Map<String, double[]> byKernel() {
      DeviceBatch batch = memory.batch(0);
      LossWorkspace workspace =
          LossWorkspace.of(
              batch.frames(),
              batch.utterances(),
              batch.classes(),
              batch.targets().maxLength(),
              true,
              EngineOptions.DEFAULT.workspaceBytes());
      LaunchTimes launch = new LaunchTimes(stream, timer, workload.shape().name());
      Map<String, double[]> times = new LinkedHashMap<>();
      try (LossKernels kernels = new LossKernels(device.architecture());
          DeviceMemory room = new DeviceMemory(workspace.bytes(), () -> "a workspace")) {
        for (int i = 0; i < WARM_UP + RUNS; i++) {
          int run = i - WARM_UP;
          launch.begin();
          kernels.enqueue(
              memory.batch(i),
              CallOptions.ofDevice(memory.batch(i), OPTIONS),
              memory.result(i),
              workspace,
              room.address(),
              launch);
          stream.await(() -> "kernels one by one");
          if (run >= 0) {
            launch
                .milliseconds()
                .forEach(
                    (name, time) -> times.computeIfAbsent(name, k -> new double[RUNS])[run] = time);
          }
        }
      }
      return times;
    }

    @Override
    public void close() {
      timer.close();
      stream.close();
      memory.close();
    }
  }

  private double[] fromHost(Workload workload, CtcResult result) {
    double[] times = new double[RUNS];
    for (int run = -WARM_UP; run < RUNS; run++) {
      long start = System.nanoTime();
      ctc.compute(workload.batch(), OPTIONS, result);
      if (run >= 0) {
        times[run] = (System.nanoTime() - start) / 1e6;
      }
    }
    return times;
  }
}
