package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuCtxGetDevice;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;

import java.util.List;
import java.util.stream.IntStream;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import org.ctc4j.CudaDevice;

/** What the driver says of a device. */
public final class Device {
  private Device() {}

  /** All that the driver shows. */
  public static List<CudaDevice> all() {
    return IntStream.range(0, DriverLibrary.deviceCount()).mapToObj(Device::describe).toList();
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
        Driver.terminated(name),
        bytes[0],
        architecture,
        DriverLibrary.driverVersion(),
        kernels == 0 ? "" : "sm_" + kernels,
        kernels == 0
            ? "too old: there are kernels for sm_%d and newer".formatted(KernelImages.oldest())
            : "");
  }

  /** The most shared memory that a block may have, on the device of the current context. */
  static int sharedBytesOfBlock() {
    return attribute(
        current(), CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  }

  /** How many multiprocessors the device of the current context has. */
  public static int multiprocessors() {
    return attribute(current(), CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  }

  private static CUdevice current() {
    CUdevice device = new CUdevice();
    Driver.call("cuCtxGetDevice", () -> cuCtxGetDevice(device));
    return device;
  }

  static CUdevice handle(int index) {
    CUdevice device = new CUdevice();
    Driver.call("cuDeviceGet", () -> "device " + index, () -> cuDeviceGet(device, index));
    return device;
  }

  private static int attribute(CUdevice device, int which) {
    int[] value = {0};
    Driver.call("cuDeviceGetAttribute", () -> cuDeviceGetAttribute(value, which, device));
    return value[0];
  }
}
