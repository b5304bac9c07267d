package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;

/**
 * The files of kernels of one engine, each loaded when a kernel of it is first launched: the driver
 * translates a file as a whole, which takes seconds for some the first time ever. The context must
 * be current. Not thread-safe.
 */
final class KernelModules implements AutoCloseable {
  private final int deviceArchitecture;
  private final Map<String, KernelModule> loaded = new HashMap<>();

  KernelModules(int deviceArchitecture) {
    this.deviceArchitecture = deviceArchitecture;
  }

  /**
   * An entry point of a file; neither is looked for before the first launch.
   *
   * @param file without its architecture, "labels" for example
   */
  Kernel kernel(String file, String name) {
    return new Kernel(file, name);
  }

  /** One entry point. */
  final class Kernel {
    private final String file;
    private final String name;
    private CUfunction function;

    private Kernel(String file, String name) {
      this.file = file;
      this.name = name;
    }

    /**
     * Enqueues a launch of {@code blocks} × {@code threads} threads; none if there are no blocks.
     * The arguments are copied before this returns.
     */
    void launch(
        int blocks,
        int threads,
        ParameterBlock arguments,
        CUstream stream,
        Supplier<String> doing) {
      launch(blocks, threads, arguments.pointers(), stream, doing);
    }

    /**
     * The same with arguments of another layout.
     *
     * @param arguments what {@code cuLaunchKernel} takes as {@code kernelParams}
     */
    void launch(
        int blocks, int threads, Pointer arguments, CUstream stream, Supplier<String> doing) {
      if (blocks == 0) {
        return;
      }
      load();
      Driver.call(
          "cuLaunchKernel",
          () -> "%s, %d × %d threads, computing %s".formatted(name, blocks, threads, doing.get()),
          () -> cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, 0, stream, arguments, null));
    }

    /** Gets ready, so that the first launch is as quick as the others. */
    void load() {
      if (function == null) {
        KernelModule module = loaded.get(file);
        if (module == null) {
          module = new KernelModule(file, deviceArchitecture);
          loaded.put(file, module);
        }
        function = module.function(name);
      }
    }
  }

  @Override
  public void close() {
    loaded.values().forEach(KernelModule::close);
    loaded.clear();
  }
}
