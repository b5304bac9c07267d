package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.util.function.IntSupplier;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDevice;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PinnedMemory;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;

/**
 * Measures what copying reaches, on the first device: within its memory, bytes read and written
 * counted, which is what a kernel bound by memory is held to; and from and to pinned host memory.
 * The driver gives the number of its copies: they are done by its own kernels and copy engines.
 */
public final class CopyTimes {
  private static final int WARM_UP = 3;
  private static final int RUNS = 21;

  /** Far more than an L2 holds. */
  private static final long MOST_BYTES = 1L << 30;

  /** What a copy may take of the device's memory, source and destination each. */
  private static final int SHARE_OF_MEMORY = 8;

  private CopyTimes() {}

  public static void main(String... none) {
    CudaDevice device = CudaCtc.devices().get(0);
    long bytes = Math.min(MOST_BYTES, device.memoryBytes() / SHARE_OF_MEMORY);
    int pinnedBytes = (int) bytes / 2;
    try (PrimaryContext context = new PrimaryContext(device.index())) {
      context.whileCurrent(
          () -> {
            try (Stream stream = new Stream();
                StreamTimer timer = new StreamTimer(stream);
                DeviceMemory from = new DeviceMemory(bytes, () -> "a copy");
                DeviceMemory to = new DeviceMemory(bytes, () -> "a copy");
                PinnedMemory host = new PinnedMemory(pinnedBytes, () -> "a copy")) {
              CUstream handle = stream.handle();
              CUdeviceptr source = DeviceMemory.pointer(from.address());
              CUdeviceptr target = DeviceMemory.pointer(to.address());
              print(
                  timer,
                  "within the device",
                  2 * bytes,
                  () -> cuMemcpyDtoDAsync(target, source, bytes, handle));
              print(
                  timer,
                  "host to device",
                  pinnedBytes,
                  () -> cuMemcpyHtoDAsync(source, host.pointer(0), pinnedBytes, handle));
              print(
                  timer,
                  "device to host",
                  pinnedBytes,
                  () -> cuMemcpyDtoHAsync(host.pointer(0), source, pinnedBytes, handle));
            }
          });
    }
  }

  private static void print(StreamTimer timer, String what, long bytes, IntSupplier copy) {
    double[] times =
        timer.times(WARM_UP, RUNS, run -> Driver.call("a copy", () -> copy.getAsInt()));
    Measurements.print("copy", what, bytes / Measurements.median(times) / 1e6);
  }
}
