package org.ctc4j.cuda.kernels;

import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.cuda.driver.CublasLibrary;

/**
 * The kernels of one engine: for logits at once, for hidden states when first asked for, since they
 * need cuBLAS. Thread-safe.
 */
public final class EngineKernels implements DeviceKernels {
  private final int deviceArchitecture;
  private final LossKernels losses;
  private ProjectionKernels projections;

  /** The context must be current, here and in all calls. */
  public EngineKernels(int deviceArchitecture) {
    this.deviceArchitecture = deviceArchitecture;
    losses = new LossKernels(deviceArchitecture);
  }

  public LossKernels losses() {
    return losses;
  }

  /**
   * @throws BackendUnavailableException if cuBLAS cannot be used
   */
  public synchronized ProjectionKernels projections() {
    String reason = CublasLibrary.unavailability();
    if (!reason.isEmpty()) {
      throw new BackendUnavailableException(
          Backend.CUDA, "a projection is computed by cuBLAS, and " + reason);
    }
    if (projections == null) {
      projections = new ProjectionKernels(losses, deviceArchitecture);
    }
    return projections;
  }

  @Override
  public void close() {
    if (projections != null) {
      projections.close();
    }
    losses.close();
  }
}
