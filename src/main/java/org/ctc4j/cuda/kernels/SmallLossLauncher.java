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
  private static final int LANES = 32;
  private static final int MOST_WARPS = 8; // of a side

  private final KernelModules.Kernel kernel;

  SmallLossLauncher(KernelModules modules) {
    kernel = modules.kernel("small_loss", "ctc_small_loss");
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueue(int utterances, int labels, LossArguments arguments, Launch launch) {
    int warps = Math.min(MOST_WARPS, labels / LANES + 1);
    launch.kernel(kernel, utterances, 2 * warps * LANES, arguments.pointers());
  }
}
