package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataJIT;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JITOptions;

/**
 * A file of kernels, loaded into a context, which must be current. Machine code is tried where
 * there is some for the device, since PTX takes a driver up to a second a file to translate. A
 * driver that refuses it, because it is older than the toolkit that made it for instance, gets the
 * PTX.
 */
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
    if (!loadMachineCode(file, deviceArchitecture)) {
      translate(file, KernelImages.bestFor(file, deviceArchitecture));
    }
    loaded = true;
  }

  private boolean loadMachineCode(String file, int deviceArchitecture) {
    byte[] image = KernelImages.machineCode(file, deviceArchitecture);
    return image != null
        && Driver.code(() -> cuModuleLoadData(module, image)) == CUresult.CUDA_SUCCESS;
  }

  private void translate(String file, int architecture) {
    ByteBuffer ptx = KernelImages.read(file, architecture);
    byte[] log = new byte[LOG_BYTES];
    JITOptions options = new JITOptions(); // nothing in it may change the code that is made
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, log);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, log.length);
    Driver.call(
        "cuModuleLoadDataEx",
        () -> "loading the kernels of %s for sm_%d%s".formatted(file, architecture, told(log)),
        () -> cuModuleLoadDataJIT(module, Pointer.to(ptx), options));
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
