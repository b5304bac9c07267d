package org.ctc4j.cuda.kernels;

import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_small_loss}: the losses that are small and their gradients once more, in float64. One
 * block an utterance; those whose loss is not small end at once. Overwrites what the other kernels
 * left in the workspace.
 */
final class SmallLossLauncher {
  private static final int LANES = 32;
  private static final int MOST_WARPS = 8;

  private final KernelModules.Kernel kernel;

  SmallLossLauncher(KernelModules modules) {
    kernel = modules.kernel("small_loss", "ctc_small_loss");
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueue(
      ElementType logits, int utterances, int labels, LossArguments arguments, Launch launch) {
    arguments.setLogitsType(logits);
    int warps = Math.min(MOST_WARPS, labels / LANES + 1);
    launch.kernel(kernel, utterances, 2 * warps * LANES, arguments.pointers());
  }
}
