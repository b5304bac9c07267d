package org.ctc4j.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoD;

import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.cuda.driver.DeviceLayout;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;

/**
 * A {@link Workload} in device memory, in so many copies that together they are several times as
 * large as the L2: who takes one after the other reads logits that are not in it, as after a model
 * whose activations have passed through. The context must be current.
 */
final class DeviceWorkload implements AutoCloseable {
  /** By how much the copies exceed the L2. */
  private static final int L2_FACTOR = 4;

  private static final int FEWEST_COPIES = 2;

  private final DeviceArrays arrays = new DeviceArrays();
  private final List<DeviceBatch> batches = new ArrayList<>();
  private final List<DeviceResult> results = new ArrayList<>();

  /**
   * @param gradient whether results have places for gradient and reduced loss, or for losses alone
   */
  DeviceWorkload(Workload workload, int device, boolean gradient) {
    Shape shape = workload.shape();
    int n = shape.utterances();
    long bytes = 4L * workload.logits().length;
    DeviceTargets targets =
        DeviceTargets.padded(
            arrays.of(workload.paddedTargets()),
            n,
            shape.labels(),
            arrays.of(workload.targetLengths()));
    long inputLengths = arrays.of(workload.inputLengths());
    long losses = arrays.allocate(8L * n);
    long statuses = arrays.allocate(4L * n);
    long reduced = arrays.allocate(8);
    long pitch = DeviceLayout.align(bytes);
    int copies = (int) Math.max(FEWEST_COPIES, L2_FACTOR * l2Bytes(device) / (2 * pitch) + 1);
    long logits = arrays.allocate(copies * pitch);
    long gradients = gradient ? arrays.allocate(copies * pitch) : 0;
    long first = arrays.of(workload.logits());
    for (int i = 0; i < copies; i++) {
      long at = logits + i * pitch;
      Driver.call(
          "cuMemcpyDtoD",
          () -> cuMemcpyDtoD(DeviceMemory.pointer(at), DeviceMemory.pointer(first), bytes));
      batches.add(
          new DeviceBatch(
              tensor(at, shape), shape.frames(), n, shape.classes(), targets, inputLengths));
      results.add(
          gradient
              ? new DeviceResult(losses, statuses, reduced, tensor(gradients + i * pitch, shape))
              : DeviceResult.ofLosses(losses, statuses));
    }
    Driver.call("cuCtxSynchronize", () -> cuCtxSynchronize()); // such copies do not wait
  }

  private static DeviceTensor tensor(long address, Shape shape) {
    return DeviceTensor.timeMajor(
        address, ElementType.FLOAT32, shape.utterances(), shape.classes());
  }

  private static long l2Bytes(int device) {
    CUdevice handle = new CUdevice();
    int[] bytes = {0};
    Driver.call("cuDeviceGet", () -> cuDeviceGet(handle, device));
    Driver.call(
        "cuDeviceGetAttribute",
        () -> cuDeviceGetAttribute(bytes, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, handle));
    return bytes[0];
  }

  int copies() {
    return batches.size();
  }

  DeviceBatch batch(int copy) {
    return batches.get(copy % copies());
  }

  DeviceResult result(int copy) {
    return results.get(copy % copies());
  }

  @Override
  public void close() {
    arrays.close();
  }
}
