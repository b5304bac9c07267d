package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_prepare}: checks lengths and labels of each utterance and lists the positions of each
 * label. One block an utterance.
 */
final class PrepareLauncher {
  private static final int THREADS = 256;

  private final KernelModules.Kernel kernel;

  PrepareLauncher(KernelModules modules) {
    kernel = modules.kernel("prepare", "ctc_prepare");
    kernel.load();
  }

  void enqueue(int utterances, LossArguments arguments, Launch launch) {
    launch.kernel(kernel, utterances, THREADS, arguments.pointers());
  }
}
