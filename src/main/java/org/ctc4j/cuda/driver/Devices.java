package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceException;

/**
 * What GPUs there are.
 *
 * @param all that the driver shows, usable or not
 * @param reason why none can be used; "" if one can
 */
public record Devices(List<CudaDevice> all, String reason) {

  /** Asks the driver. */
  public static Devices survey() {
    String reason = DriverLibrary.unavailability();
    if (!reason.isEmpty()) {
      return new Devices(List.of(), reason);
    }
    try {
      List<CudaDevice> all = new ArrayList<>();
      for (int index = 0; index < DriverLibrary.deviceCount(); index++) {
        all.add(describe(index));
      }
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

  private static CudaDevice describe(int index) {
    CUdevice device = handle(index);
    byte[] name = new byte[256];
    long[] bytes = {0};
    Driver.call("cuDeviceGetName", () -> cuDeviceGetName(name, name.length, device));
    Driver.call("cuDeviceTotalMem", () -> cuDeviceTotalMem(bytes, device));
    int architecture =
        10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    int kernels = KernelImages.architectureFor(architecture);
    return new CudaDevice(
        index,
        text(name),
        bytes[0],
        architecture,
        DriverLibrary.driverVersion(),
        kernels == 0 ? "" : "sm_" + kernels,
        kernels == 0
            ? "too old: there are kernels for sm_%d and newer".formatted(KernelImages.oldest())
            : "");
  }

  public static CUdevice handle(int index) {
    CUdevice device = new CUdevice();
    Driver.call("cuDeviceGet", () -> "device " + index, () -> cuDeviceGet(device, index));
    return device;
  }

  private static int attribute(CUdevice device, int which) {
    int[] value = {0};
    Driver.call("cuDeviceGetAttribute", () -> cuDeviceGetAttribute(value, which, device));
    return value[0];
  }

  private static String text(byte[] terminated) {
    int length = 0;
    while (length < terminated.length && terminated[length] != 0) {
      length++;
    }
    return new String(terminated, 0, length, StandardCharsets.UTF_8);
  }
}
