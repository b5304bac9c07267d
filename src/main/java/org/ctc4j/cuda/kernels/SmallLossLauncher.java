package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_small_loss}: loss and gradient once more, in float64, of utterances whose loss is
 * small, and of what is all but certain by the probability of everything else. One block an
 * utterance; the others end at once. Overwrites what the kernels before left in the workspace. The
 * block that ends last adds up the weighted losses, if that is asked for.
 */
final class SmallLossLauncher {
  private static final int THREADS = 384;

  private final KernelModules.Kernel kernel;

  SmallLossLauncher(KernelModules modules) {
    kernel = modules.kernel("small_loss", "ctc_small_loss");
  }

  void enqueue(int utterances, LossArguments arguments, Launch launch) {
    launch.kernel(kernel, utterances, THREADS, arguments.pointers());
  }
}
