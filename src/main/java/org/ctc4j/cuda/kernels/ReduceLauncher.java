package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_reduce}: the weighted sum of the losses, with the same bits for any order of them. One
 * block. For calls without {@code ctc_small_loss}, which does the same.
 */
final class ReduceLauncher {
  private static final int THREADS = 256;

  private final KernelModules.Kernel kernel;

  ReduceLauncher(KernelModules modules) {
    kernel = modules.kernel("reduce", "ctc_reduce");
    kernel.load();
  }

  void enqueue(LossArguments arguments, Launch launch) {
    launch.kernel(kernel, 1, THREADS, arguments.pointers());
  }
}
