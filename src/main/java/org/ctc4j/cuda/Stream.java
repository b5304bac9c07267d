package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.util.function.Supplier;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;

/** A stream of the engine's own, independent of the default stream. The context must be current. */
final class Stream implements AutoCloseable {
  private final CUstream handle = new CUstream();
  private boolean live;

  Stream() {
    Driver.call(
        "cuStreamCreate", () -> cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING));
    live = true;
  }

  CUstream handle() {
    return handle;
  }

  /** Waits until all that was enqueued is done. */
  void await(Supplier<String> doing) {
    Driver.call("cuStreamSynchronize", doing, () -> cuStreamSynchronize(handle));
  }

  /** Waits as {@link #await} does, where a failure is known of already. */
  void settle() {
    Driver.code(() -> cuStreamSynchronize(handle));
  }

  @Override
  public void close() {
    if (live) {
      live = false;
      Driver.code(() -> cuStreamDestroy(handle));
    }
  }
}
