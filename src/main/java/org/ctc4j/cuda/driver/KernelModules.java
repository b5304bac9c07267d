package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuFuncGetAttribute;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import org.ctc4j.ElementType;

/**
 * The files of kernels of one engine, each loaded when a kernel of it is first launched: PTX is
 * translated file by file, which takes a second for some the first time ever. The context must be
 * current. Not thread-safe.
 */
public final class KernelModules implements AutoCloseable {
  private final int deviceArchitecture;
  private final Map<String, KernelModule> loaded = new HashMap<>();

  public KernelModules(int deviceArchitecture) {
    this.deviceArchitecture = deviceArchitecture;
  }

  /**
   * An entry point of a file; neither is looked for before the first launch.
   *
   * @param file without its architecture, "labels" for example
   */
  public Kernel kernel(String file, String name) {
    return new Kernel(file, name);
  }

  /** One for each element type, %s in the names standing for it. */
  public Map<ElementType, Kernel> byType(String file, String name) {
    Map<ElementType, Kernel> kernels = new EnumMap<>(ElementType.class);
    for (ElementType type : ElementType.values()) {
      String suffix = KernelImages.suffix(type);
      kernels.put(type, kernel(file.formatted(suffix), name.formatted(suffix)));
    }
    return kernels;
  }

  /** The same one for each element type. */
  public Map<ElementType, Kernel> forAllTypes(String file, String name) {
    Kernel kernel = kernel(file, name);
    Map<ElementType, Kernel> kernels = new EnumMap<>(ElementType.class);
    for (ElementType type : ElementType.values()) {
      kernels.put(type, kernel);
    }
    return kernels;
  }

  /** One entry point. */
  public final class Kernel {
    private final String file;
    private final String name;
    private CUfunction function;
    private int dynamicSharedBytes = -1;

    private Kernel(String file, String name) {
      this.file = file;
      this.name = name;
    }

    public String name() {
      return name;
    }

    /** {@link #load} must have been called. */
    CUfunction function() {
      return function;
    }

    /** Gets ready, so that the first launch is as quick as the others. */
    public void load() {
      if (function == null) {
        KernelModule module = loaded.get(file);
        if (module == null) {
          module = new KernelModule(file, deviceArchitecture);
          loaded.put(file, module);
        }
        function = module.function(name);
      }
    }

    /**
     * How much dynamic shared memory a block may have: all that the device gives to one, less what
     * the kernel has by itself. The kernel is loaded if it is not yet.
     */
    public int dynamicSharedBytes() {
      load();
      if (dynamicSharedBytes < 0) {
        int[] itself = {0};
        Driver.call(
            "cuFuncGetAttribute",
            () -> name,
            () ->
                cuFuncGetAttribute(
                    itself, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function));
        int bytes = Device.sharedBytesOfBlock() - itself[0];
        Driver.call(
            "cuFuncSetAttribute",
            () -> "%d bytes of dynamic shared memory for %s".formatted(bytes, name),
            () ->
                cuFuncSetAttribute(
                    function,
                    CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                    bytes));
        dynamicSharedBytes = bytes;
      }
      return dynamicSharedBytes;
    }
  }

  @Override
  public void close() {
    loaded.values().forEach(KernelModule::close);
    loaded.clear();
  }
}
