package org.ctc4j;

/**
 * An NVIDIA GPU that the driver shows to this process.
 *
 * @param index its number, as {@link CudaCtc#create(int, EngineOptions)} takes it
 * @param name as the driver has it
 * @param memoryBytes all of its memory
 * @param architecture compute capability, 10 · major + minor: 90 for sm_90
 * @param driverVersion newest CUDA version the driver supports, 1000 · major + 10 · minor
 * @param kernels which compiled kernels would run on it, "sm_80" for example; "" if none can
 * @param reason why it cannot be used, or ""
 */
public record CudaDevice(
    int index,
    String name,
    long memoryBytes,
    int architecture,
    int driverVersion,
    String kernels,
    String reason) {

  /** Whether an engine can be created on it. */
  public boolean usable() {
    return reason.isEmpty();
  }

  /** One line for people: name, memory, architecture, driver, kernels or the reason against it. */
  @Override
  public String toString() {
    return "%s, %.1f GiB, sm_%d, driver for CUDA %d.%d, %s"
        .formatted(
            name,
            memoryBytes / (double) (1L << 30),
            architecture,
            driverVersion / 1000,
            driverVersion % 1000 / 10,
            usable() ? "kernels for " + kernels : reason);
  }
}
