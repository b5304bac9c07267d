package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;

import java.util.Arrays;
import java.util.List;
import jcuda.driver.CUevent;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;

/**
 * Times loss and gradient on a GPU: a call on device memory by CUDA events ({@code cuda-device}),
 * and a call on host memory from start to end ({@code cuda}). Milliseconds, in lines of {@link
 * GpuReport}. Arguments: names of shapes, or none for the suite.
 */
public final class KernelTimes {
  private static final int WARM_UP = 5;
  private static final int RUNS = 31;

  private KernelTimes() {}

  public static void main(String... names) {
    List<Shape> shapes =
        names.length == 0 ? Shape.SUITE : Arrays.stream(names).map(Shape::of).toList();
    try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT)) {
      System.out.println("# " + ctc.device());
      System.out.println(GpuReport.HEADER);
      PrimaryContext context = new PrimaryContext(0);
      for (Shape shape : shapes) {
        Workload workload = Workload.of(shape);
        for (boolean gradient : new boolean[] {false, true}) {
          String mode = gradient ? "gradient" : "loss";
          print(shape, mode, "cuda-device", context.call(() -> onDevice(ctc, workload, gradient)));
          print(shape, mode, "cuda", fromHost(ctc, workload, gradient));
        }
      }
      context.close();
    }
  }

  private static void print(Shape shape, String mode, String implementation, double[] times) {
    Arrays.sort(times);
    System.out.printf(
        "%s\t%s\t%s\t%.4f\t%.4f%n",
        shape.name(), mode, implementation, times[times.length / 2], times[0]);
  }

  private static double[] onDevice(CudaCtc ctc, Workload workload, boolean gradient) {
    Shape shape = workload.shape();
    int n = shape.utterances();
    int c = shape.classes();
    try (Stream stream = new Stream();
        DeviceArrays arrays = new DeviceArrays()) {
      long numbers = (long) shape.frames() * n * c;
      DeviceBatch batch =
          new DeviceBatch(
              DeviceTensor.timeMajor(arrays.of(workload.logits()), ElementType.FLOAT32, n, c),
              shape.frames(),
              n,
              c,
              DeviceTargets.padded(
                  arrays.of(workload.paddedTargets()),
                  n,
                  shape.labels(),
                  arrays.of(workload.targetLengths())),
              arrays.of(workload.inputLengths()));
      DeviceResult result =
          new DeviceResult(
              arrays.allocate(8L * n),
              arrays.allocate(4L * n),
              arrays.allocate(8),
              gradient
                  ? DeviceTensor.timeMajor(arrays.allocate(4 * numbers), ElementType.FLOAT32, n, c)
                  : null);
      long handle = StreamAddress.of(stream.handle());
      CUevent[] events = {new CUevent(), new CUevent()};
      for (CUevent event : events) {
        Driver.call("cuEventCreate", () -> cuEventCreate(event, 0));
      }
      double[] times = new double[RUNS];
      for (int run = -WARM_UP; run < RUNS; run++) {
        Driver.call("cuEventRecord", () -> cuEventRecord(events[0], stream.handle()));
        ctc.enqueue(batch, CtcOptions.DEFAULT, result, handle);
        Driver.call("cuEventRecord", () -> cuEventRecord(events[1], stream.handle()));
        stream.await(shape::name);
        float[] milliseconds = {0};
        Driver.call(
            "cuEventElapsedTime", () -> cuEventElapsedTime(milliseconds, events[0], events[1]));
        if (run >= 0) {
          times[run] = milliseconds[0];
        }
      }
      for (CUevent event : events) {
        Driver.call("cuEventDestroy", () -> cuEventDestroy(event));
      }
      return times;
    }
  }

  private static double[] fromHost(Ctc ctc, Workload workload, boolean gradient) {
    CtcResult result =
        gradient
            ? CtcResult.ofGradient(workload.tensor(new float[workload.logits().length]))
            : CtcResult.ofLosses(workload.shape().utterances());
    double[] times = new double[RUNS];
    for (int run = -WARM_UP; run < RUNS; run++) {
      long start = System.nanoTime();
      ctc.compute(workload.batch(), CtcOptions.DEFAULT, result);
      if (run >= 0) {
        times[run] = (System.nanoTime() - start) / 1e6;
      }
    }
    return times;
  }
}
