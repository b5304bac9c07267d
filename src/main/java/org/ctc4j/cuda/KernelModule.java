package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/** A file of kernels, loaded into a context. The context must be current. */
final class KernelModule implements AutoCloseable {
  private final CUmodule module = new CUmodule();
  private boolean loaded;

  /**
   * @param file without its architecture, "labels" for example
   * @param deviceArchitecture 10 · major + minor of the device, of an architecture that is
   *     supported
   */
  KernelModule(String file, int deviceArchitecture) {
    int architecture = KernelImages.bestFor(file, deviceArchitecture);
    byte[] ptx = KernelImages.read(file, architecture);
    Driver.call(
        "cuModuleLoadData",
        () -> "loading the kernels of %s for sm_%d".formatted(file, architecture),
        () -> cuModuleLoadData(module, ptx));
    loaded = true;
  }

  CUfunction function(String name) {
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
