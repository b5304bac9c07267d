package org.ctc4j.cuda.driver;

import org.ctc4j.DeviceException;

/**
 * A call failed, and then the wait for what it had enqueued: old kernels may run at any later time,
 * in memory that the next call would use. So for the engine the device is as good as lost.
 */
final class StillRunning extends DeviceException {
  private static final long serialVersionUID = 1L;

  /**
   * @param wait why it failed
   * @param cause what failed first
   */
  StillRunning(DeviceException wait, Throwable cause) {
    super(
        "%s; work of a call may be running still that had failed with: %s"
            .formatted(wait.getMessage(), cause),
        wait.code());
    initCause(cause);
  }

  @Override
  public boolean isDeviceLost() {
    return true;
  }
}
