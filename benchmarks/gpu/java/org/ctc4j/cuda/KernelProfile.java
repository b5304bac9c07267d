package org.ctc4j.cuda;

import org.ctc4j.CtcOptions;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDevice;
import org.ctc4j.EngineOptions;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;

/**
 * One call for loss and gradient of each shape, with flat logits and with peaked ones: what is run
 * under a profiler, which repeats every kernel by itself. Arguments: names of shapes.
 */
public final class KernelProfile {
  private KernelProfile() {}

  public static void main(String... names) {
    CudaDevice device = CudaCtc.devices().get(0);
    try (CudaCtc ctc = CudaCtc.create(device.index(), EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(device.index())) {
      for (String name : names) {
        Shape shape = Shape.of(name);
        for (Workload workload : new Workload[] {Workload.of(shape), Workload.peaked(shape)}) {
          context.whileCurrent(() -> compute(ctc, workload, device.index()));
        }
      }
    }
  }

  private static void compute(CudaCtc ctc, Workload workload, int device) {
    try (DeviceWorkload memory = new DeviceWorkload(workload, device, true);
        Stream stream = new Stream()) {
      long handle = StreamAddress.of(stream.handle());
      ctc.enqueue(memory.batch(0), CtcOptions.DEFAULT, memory.result(0), handle);
      stream.await(() -> workload.shape().name());
    }
  }
}
