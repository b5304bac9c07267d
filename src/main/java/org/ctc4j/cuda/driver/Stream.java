package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.util.function.Supplier;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import org.ctc4j.DeviceException;

/** A stream of the engine's own, independent of the default stream. The context must be current. */
public final class Stream implements AutoCloseable {
  private final CUstream handle = new CUstream();
  private boolean live;

  public Stream() {
    Driver.call(
        "cuStreamCreate", () -> cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING));
    live = true;
  }

  public CUstream handle() {
    return handle;
  }

  /** Waits until all that was enqueued is done. */
  public void await(Supplier<String> doing) {
    Driver.call("cuStreamSynchronize", doing, () -> cuStreamSynchronize(handle));
  }

  /**
   * Waits as {@link #await} does, after a failure, so that nothing runs any more in the memory of
   * the call that failed.
   *
   * @throws StillRunning if that cannot be had
   */
  public void settle(Throwable failure) {
    if (failure instanceof DeviceException device && device.isDeviceLost()) {
      return; // nothing runs on it
    }
    try {
      await(() -> "after a failure");
    } catch (DeviceException e) {
      throw new StillRunning(e, failure);
    }
  }

  @Override
  public void close() {
    if (live) {
      live = false;
      Driver.code(() -> cuStreamDestroy(handle));
    }
  }
}
