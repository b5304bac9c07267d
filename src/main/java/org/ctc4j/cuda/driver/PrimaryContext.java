package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuCtxPopCurrent;
import static jcuda.driver.JCudaDriver.cuCtxPushCurrent;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;

import java.util.function.Supplier;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;

/**
 * The primary context of a device: the one that the CUDA runtime, and so every other library in the
 * process, works in. Retained from construction to close. Thread-safe.
 */
public final class PrimaryContext implements AutoCloseable {
  private final CUdevice device;
  private final CUcontext context = new CUcontext();
  private boolean retained;

  public PrimaryContext(int index) {
    device = Device.handle(index);
    Driver.call(
        "cuDevicePrimaryCtxRetain",
        () -> "device " + index,
        () -> cuDevicePrimaryCtxRetain(context, device));
    retained = true;
  }

  /**
   * Does work with the context current to this thread; what was current before is again after it.
   */
  public <T> T whileCurrent(Supplier<T> work) {
    Driver.call("cuCtxPushCurrent", () -> cuCtxPushCurrent(context));
    try {
      return work.get();
    } finally {
      // a device that was lost refuses this, too; the failure that matters is already on its way
      Driver.code(() -> cuCtxPopCurrent(new CUcontext()));
    }
  }

  /** The same for work without a result. */
  public void whileCurrent(Runnable work) {
    whileCurrent(
        () -> {
          work.run();
          return null;
        });
  }

  @Override
  public synchronized void close() {
    if (retained) {
      retained = false;
      Driver.code(() -> cuDevicePrimaryCtxRelease(device));
    }
  }
}
