package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuGetErrorString;

import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import jcuda.CudaException;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.ctc4j.DeviceException;

/**
 * Makes every call of the CUDA driver a checked one: of {@link JCudaDriver}, whose methods return a
 * {@code CUresult}.
 */
public final class Driver {
  private Driver() {}

  /** {@link #call(String, Supplier, IntSupplier)} where there is nothing more to say of it. */
  public static void call(String name, IntSupplier call) {
    call(name, () -> "", call);
  }

  /**
   * Runs a driver call.
   *
   * @param name of the entry point
   * @param doing what the call is for; asked for only in a failure
   * @throws DeviceException if it does not return {@code CUDA_SUCCESS}
   */
  public static void call(String name, Supplier<String> doing, IntSupplier call) {
    int code = code(call);
    if (code != CUresult.CUDA_SUCCESS) {
      throw failure(name, doing.get(), code);
    }
  }

  /**
   * The call's return code, also where the host application has enabled JCuda's exceptions: that
   * switch is one for the whole JVM, so it is left as it is.
   */
  public static int code(IntSupplier call) {
    try {
      return call.getAsInt();
    } catch (CudaException e) {
      return codeOf(String.valueOf(e.getMessage()));
    }
  }

  static DeviceException failure(String name, String doing, int code) {
    String message = "%s: %s (%d), %s".formatted(name, CUresult.stringFor(code), code, text(code));
    return new DeviceException(doing.isEmpty() ? message : message + "; " + doing, code);
  }

  private static String text(int code) {
    String[] text = {null};
    code(() -> cuGetErrorString(code, text));
    return text[0] == null ? "unknown error" : text[0];
  }

  /** A text that ends with a zero, unless it fills all bytes. */
  static String terminated(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).split("\0", 2)[0];
  }

  private static int codeOf(String message) {
    for (int code = 1; code < CUresult.CUDA_ERROR_UNKNOWN; code++) {
      if (message.equals(CUresult.stringFor(code))) {
        return code;
      }
    }
    return CUresult.CUDA_ERROR_UNKNOWN;
  }
}
