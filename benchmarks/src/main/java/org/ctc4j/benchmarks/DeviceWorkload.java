package org.ctc4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;

/**
 * A workload in the memory of the first GPU, with a stream to compute it on. Whatever is called
 * makes the device's primary context current to its thread.
 */
final class DeviceWorkload implements AutoCloseable {
  /** JCuda shows the numbers behind its handles to subclasses alone. */
  private static final class Memory extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUstream stream = new CUstream();
  private final List<Memory> allocations = new ArrayList<>();
  private final DeviceBatch batch;
  private final DeviceResult losses;
  private final DeviceResult lossesAndGradient;

  /** An engine must have been opened before: it loads the driver with care. */
  DeviceWorkload(Workload workload) {
    check(JCudaDriver.cuDeviceGet(device, 0));
    check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    check(JCudaDriver.cuCtxSetCurrent(context));
    check(JCudaDriver.cuStreamCreate(stream, 0));
    Shape shape = workload.shape();
    int n = shape.utterances();
    int c = shape.classes();
    long bytes = (long) workload.logits().length * Sizeof.FLOAT;
    batch =
        new DeviceBatch(
            DeviceTensor.timeMajor(
                copy(Pointer.to(workload.logits()), bytes), ElementType.FLOAT32, n, c),
            shape.frames(),
            n,
            c,
            DeviceTargets.padded(
                copy(workload.paddedTargets()), n, shape.labels(), copy(workload.targetLengths())),
            copy(workload.inputLengths()));
    long lossesAddress = allocate((long) n * Sizeof.DOUBLE);
    long statuses = allocate((long) n * Sizeof.INT);
    long reduced = allocate(Sizeof.DOUBLE);
    losses = new DeviceResult(lossesAddress, statuses, reduced, null);
    lossesAndGradient =
        new DeviceResult(
            lossesAddress,
            statuses,
            reduced,
            DeviceTensor.timeMajor(allocate(bytes), ElementType.FLOAT32, n, c));
  }

  DeviceBatch batch() {
    return batch;
  }

  DeviceResult losses() {
    return losses;
  }

  DeviceResult lossesAndGradient() {
    return lossesAndGradient;
  }

  /** The stream as a number; {@link CUstream} is final and has it in its text alone. */
  long stream() {
    String text = stream.toString(); // CUstream[nativePointer=0x…]
    return Long.parseLong(text.substring(text.indexOf("0x") + 2, text.indexOf(']')), 16);
  }

  /** Waits for all that the stream has been given. */
  void await() {
    check(JCudaDriver.cuCtxSetCurrent(context));
    check(JCudaDriver.cuStreamSynchronize(stream));
  }

  /** The losses, once they are there. */
  double[] readLosses() {
    check(JCudaDriver.cuCtxSetCurrent(context));
    double[] host = new double[batch.utterances()];
    CUdeviceptr from = new CUdeviceptr().withByteOffset(losses.losses());
    check(JCudaDriver.cuMemcpyDtoH(Pointer.to(host), from, (long) host.length * Sizeof.DOUBLE));
    return host;
  }

  private long copy(int[] values) {
    return copy(Pointer.to(values), (long) values.length * Sizeof.INT);
  }

  private long copy(Pointer host, long bytes) {
    long address = allocate(bytes);
    CUdeviceptr to = allocations.get(allocations.size() - 1);
    check(JCudaDriver.cuMemcpyHtoD(to, host, bytes));
    return address;
  }

  private long allocate(long bytes) {
    Memory memory = new Memory();
    check(JCudaDriver.cuMemAlloc(memory, bytes));
    allocations.add(memory);
    return memory.address();
  }

  private static void check(int code) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw new IllegalStateException("the driver answered " + CUresult.stringFor(code));
    }
  }

  @Override
  public void close() {
    check(JCudaDriver.cuCtxSetCurrent(context));
    check(JCudaDriver.cuStreamDestroy(stream));
    allocations.forEach(memory -> check(JCudaDriver.cuMemFree(memory)));
    check(JCudaDriver.cuDevicePrimaryCtxRelease(device));
  }
}
