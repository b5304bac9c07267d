package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;

import java.io.IOException;
import jcuda.JCudaVersion;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.ctc4j.DeviceException;
import org.ctc4j.host.OptionalLibrary;
import org.ctc4j.host.Platform;

/**
 * JCuda's native library and with it the NVIDIA driver, loaded once for the JVM. Where that fails
 * the reason is kept and told to everybody who asks. {@link JCuda} must be here. Thread-safe.
 */
public final class DriverLibrary {
  /** The kernels are PTX 7.0, which the drivers of CUDA 11.0 (450.36) and newer take. */
  static final int OLDEST_DRIVER = 11000;

  private static final String JCUDA = "JCudaDriver";
  private static final String DRIVER = Platform.HERE.isWindows() ? "nvcuda.dll" : "libcuda.so.1";
  private static final String NO_DRIVER =
      "there is no NVIDIA driver here: " + DRIVER + " was not found";

  private DriverLibrary() {}

  /** "" if there is a driver that works and shows a device; else why there is none. */
  public static String unavailability() {
    if (!Loaded.REASON.isEmpty()) {
      return Loaded.REASON;
    }
    try {
      return probe();
    } catch (DeviceException e) {
      return e.getMessage();
    }
  }

  private static String probe() {
    int initialised = Driver.code(() -> cuInit(0));
    if (initialised == CUresult.CUDA_ERROR_NO_DEVICE) {
      return "the NVIDIA driver shows no device to this process (is CUDA_VISIBLE_DEVICES set?)";
    }
    if (initialised != CUresult.CUDA_SUCCESS) {
      return Driver.failure("cuInit", "", initialised).getMessage();
    }
    int version = driverVersion();
    if (version < OLDEST_DRIVER) {
      return "the NVIDIA driver is too old: it supports CUDA %d.%d, expected 11.0 or newer"
          .formatted(version / 1000, version % 1000 / 10);
    }
    return deviceCount() == 0 ? "the NVIDIA driver shows no device to this process" : "";
  }

  /** Newest CUDA version that the driver supports, 1000 · major + 10 · minor. */
  static int driverVersion() {
    int[] version = {0};
    Driver.call("cuDriverGetVersion", () -> cuDriverGetVersion(version));
    return version[0];
  }

  static int deviceCount() {
    int[] count = {0};
    Driver.call("cuDeviceGetCount", () -> cuDeviceGetCount(count));
    return count[0];
  }

  /** Loads on first use, under the lock of class initialisation. */
  private static final class Loaded {
    static final String REASON = load();

    private static String load() {
      try {
        if (NativeLibraries.isPacked(JCUDA) && !DynamicLinker.finds(DRIVER)) {
          return NO_DRIVER;
        }
        // any method: it runs the class initialiser
        NativeLibraries.load(JCUDA, () -> JCudaDriver.cuDriverGetVersion(new int[1]));
        return "";
      } catch (LinkageError e) {
        return reason(NativeLibraries.text(e));
      } catch (IOException e) {
        return "no place to unpack JCuda's native library in: " + e;
      }
    }

    private static String reason(String text) {
      if (text.contains(DRIVER + ": cannot open") // Linux
          || text.contains(
              "Can't find dependent libraries")) { // Windows, which does not tell which
        return NO_DRIVER;
      }
      if (text.contains("No resource found")) {
        return OptionalLibrary.JCUDA.nativesAbsence(JCudaVersion.get());
      }
      return "JCuda's native library cannot be loaded: " + NativeLibraries.lastLink(text);
    }
  }
}
