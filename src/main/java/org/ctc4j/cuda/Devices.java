package org.ctc4j.cuda;

import java.util.List;
import java.util.function.Function;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceException;
import org.ctc4j.cuda.driver.Device;
import org.ctc4j.cuda.driver.DriverLibrary;
import org.ctc4j.cuda.driver.JCuda;

/**
 * What GPUs there are.
 *
 * @param all that the driver shows, usable or not
 * @param reason why none can be used; "" if one can
 */
public record Devices(List<CudaDevice> all, String reason) {

  /** Asks the driver, if there is one, and JCuda to ask it through. */
  public static Devices survey() {
    String reason = JCuda.absence();
    if (reason.isEmpty()) {
      reason = DriverLibrary.unavailability();
    }
    if (!reason.isEmpty()) {
      return new Devices(List.of(), reason);
    }
    try {
      List<CudaDevice> all = Device.all();
      boolean usable = all.stream().anyMatch(CudaDevice::usable);
      return new Devices(all, usable ? "" : all.get(0).name() + ": " + all.get(0).reason());
    } catch (DeviceException e) {
      return new Devices(List.of(), e.getMessage());
    }
  }

  /**
   * The first that can be used.
   *
   * @throws BackendUnavailableException with the reason, if there is none
   */
  public CudaDevice first() {
    if (!reason.isEmpty()) {
      throw new BackendUnavailableException(Backend.CUDA, reason);
    }
    return all.stream().filter(CudaDevice::usable).findFirst().orElseThrow();
  }

  /**
   * The one of a number, {@link CudaDevice#index()}.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used
   */
  public CudaDevice numbered(int index) {
    if (all.isEmpty()) {
      throw new BackendUnavailableException(Backend.CUDA, reason);
    }
    if (index < 0 || index >= all.size()) {
      throw new BackendUnavailableException(
          Backend.CUDA, "there is no device %d, only %d".formatted(index, all.size()));
    }
    CudaDevice device = all.get(index);
    if (!device.usable()) {
      throw new BackendUnavailableException(Backend.CUDA, device.name() + ": " + device.reason());
    }
    return device;
  }

  /**
   * Starts something on a device.
   *
   * @throws BackendUnavailableException with the device's name and the reason, if that fails
   */
  public static <T> T start(CudaDevice device, Function<CudaDevice, T> how) {
    try {
      return how.apply(device);
    } catch (DeviceException e) {
      throw (BackendUnavailableException)
          new BackendUnavailableException(Backend.CUDA, device.name() + ": " + e.getMessage())
              .initCause(e);
    }
  }
}
