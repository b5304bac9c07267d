package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;

import java.util.function.Supplier;
import jcuda.driver.CUdeviceptr;

/**
 * One allocation of device memory, 256-byte aligned. Kept until closed; closing twice is harmless.
 * The context must be current.
 */
public final class DeviceMemory implements AutoCloseable {
  private static final class Handle extends CUdeviceptr {
    public long address() {
      return getNativePointer();
    }
  }

  private final Handle handle = new Handle();
  private final long bytes;
  private boolean live;

  /**
   * @param bytes more than 0
   * @param doing what it is for, for the message if there is no room
   */
  public DeviceMemory(long bytes, Supplier<String> doing) {
    this.bytes = bytes;
    Driver.call(
        "cuMemAlloc",
        () -> "allocating %,d bytes of device memory for %s".formatted(bytes, doing.get()),
        () -> cuMemAlloc(handle, bytes));
    live = true; // after a failure the handle holds garbage that must not be freed
  }

  public long address() {
    return handle.address();
  }

  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (live) {
      live = false;
      Driver.code(() -> cuMemFree(handle));
    }
  }

  /** A device address as JCuda takes it. */
  public static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }
}
