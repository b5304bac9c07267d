package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * Loss and gradient once more of utterances whose loss is small. One block an utterance; the others
 * end at once. Overwrites what the kernels before left in the workspace.
 */
final class SecondLossLauncher {
  private static final int LANES = 32;

  private final KernelModules.Kernel kernel;
  private final int mostWarps;

  private SecondLossLauncher(KernelModules.Kernel kernel, int mostWarps) {
    this.kernel = kernel;
    this.mostWarps = mostWarps;
  }

  /** {@code ctc_small_loss}: in float64. */
  static SecondLossLauncher smallLoss(KernelModules modules) {
    return new SecondLossLauncher(modules.kernel("small_loss", "ctc_small_loss"), 8);
  }

  /** {@code ctc_complement}: of what is all but certain, by the probability of everything else. */
  static SecondLossLauncher complement(KernelModules modules) {
    return new SecondLossLauncher(modules.kernel("complement", "ctc_complement"), 4);
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueue(int utterances, int labels, LossArguments arguments, Launch launch) {
    int warps = Math.min(mostWarps, labels / LANES + 1);
    launch.kernel(kernel, utterances, 2 * warps * LANES, arguments.pointers());
  }
}
