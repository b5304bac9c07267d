package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataJIT;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.JITOptions;

/** A file of kernels, loaded into a context. The context must be current. */
public final class KernelModule implements AutoCloseable {
  private static final int LOG_BYTES = 8192;
  private static final int LOG_CHARACTERS = 2000; // of an exception's message

  private final CUmodule module = new CUmodule();
  private boolean loaded;

  /**
   * @param file without its architecture, "labels" for example
   * @param deviceArchitecture 10 · major + minor of the device, of an architecture that is
   *     supported
   * @throws org.ctc4j.DeviceException with what the driver's compiler says of the kernels, if it
   *     does not take them
   */
  public KernelModule(String file, int deviceArchitecture) {
    int architecture = KernelImages.bestFor(file, deviceArchitecture);
    ByteBuffer ptx = KernelImages.read(file, architecture);
    byte[] log = new byte[LOG_BYTES];
    JITOptions options = new JITOptions(); // nothing in it may change the code that is made
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, log);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, log.length);
    Driver.call(
        "cuModuleLoadDataEx",
        () -> "loading the kernels of %s for sm_%d%s".formatted(file, architecture, told(log)),
        () -> cuModuleLoadDataJIT(module, Pointer.to(ptx), options));
    loaded = true;
  }

  /** A driver's log, which ends with a zero, as the end of a message. */
  static String told(byte[] log) {
    String text = Driver.terminated(log).replaceAll("[\\p{Cntrl}&&[^\n]]", "").strip();
    if (text.length() > LOG_CHARACTERS) {
      text = text.substring(0, LOG_CHARACTERS) + "…";
    }
    return text.isEmpty() ? "" : "; the driver's log: " + text;
  }

  public CUfunction function(String name) {
    CUfunction function = new CUfunction();
    Driver.call(
        "cuModuleGetFunction",
        () -> "looking for kernel " + name,
        () -> cuModuleGetFunction(function, module, name));
    return function;
  }

  @Override
  public void close() {
    if (loaded) {
      loaded = false;
      Driver.code(() -> cuModuleUnload(module));
    }
  }
}
