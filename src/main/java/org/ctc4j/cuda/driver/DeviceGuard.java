package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuThreadExchangeStreamCaptureMode;

import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.DeviceException;

/** Lets work run in the context of one device, until that is closed or lost. Thread-safe. */
public final class DeviceGuard {
  private static final System.Logger LOGGER = System.getLogger("org.ctc4j");

  private final PrimaryContext context;
  private final String what;
  private volatile DeviceException lost;
  private volatile boolean closed;

  /**
   * @param context closed by {@link #close}
   * @param what is guarded, "engine" for example, for messages
   */
  public DeviceGuard(PrimaryContext context, String what) {
    this.context = context;
    this.what = what;
  }

  /**
   * Does work with the context current.
   *
   * @throws IllegalStateException if this is closed
   * @throws DeviceException if the driver refuses, or the device was lost before
   */
  public void inContext(Runnable work) {
    if (closed) {
      throw new IllegalStateException("this cuda " + what + " is closed");
    }
    if (lost != null) {
      throw new DeviceException(
          "this %s lost its device and computes no more; it began with: %s"
              .formatted(what, lost.getMessage()),
          lost.code());
    }
    try {
      context.whileCurrent(work);
    } catch (DeviceException e) {
      if (e.isDeviceLost()) {
        lost = e;
      }
      throw e;
    }
  }

  /** Does the last work, which gives back what is held, and lets go of the context. Once. */
  public synchronized void close(Runnable last) {
    if (closed) {
      return;
    }
    closed = true;
    try {
      context.whileCurrent(lost == null ? last : () -> settleAndRun(last));
    } catch (DeviceException e) {
      // the device is lost, and with it all that is to be given back
    }
    context.close();
  }

  /** What was enqueued before the device was given up may still run, if it was not lost. */
  private static void settleAndRun(Runnable last) {
    Driver.code(() -> cuCtxSynchronize());
    last.run();
  }

  /**
   * The same where nobody closed the engine, and so nobody knows whether what was enqueued through
   * it has ended: after a wait for the device. If that is refused what is held stays allocated.
   */
  public void closeUnclosed(Runnable last) {
    close(
        () -> {
          // Another thread may be capturing a graph, which calls of this one are not to spoil.
          Driver.code(
              () ->
                  cuThreadExchangeStreamCaptureMode(
                      new int[] {CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED}));
          int code = Driver.code(() -> cuCtxSynchronize());
          if (code == CUresult.CUDA_SUCCESS) {
            last.run();
          } else {
            LOGGER.log(
                System.Logger.Level.WARNING,
                "a cuda {0} that nobody closed keeps its memory: {1}",
                what,
                Driver.failure("cuCtxSynchronize", "", code).getMessage());
          }
        });
  }
}
