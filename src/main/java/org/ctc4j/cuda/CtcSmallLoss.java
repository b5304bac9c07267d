package org.ctc4j.cuda;

import org.ctc4j.ElementType;

/**
 * {@code ctc_small_loss}: the losses that are small and their gradients once more, in float64. One
 * block an utterance; those whose loss is not small end at once. Overwrites what the other kernels
 * left in the workspace.
 */
final class CtcSmallLoss {
  private static final int LANES = 32;
  private static final int MOST_WARPS = 8;

  private static final String FILE = "small_loss";

  private final KernelModules.Kernel kernel;

  CtcSmallLoss(KernelModules modules) {
    kernel = modules.kernel(FILE, "ctc_small_loss");
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueue(
      ElementType logits, int utterances, int labels, ParameterBlock arguments, Launch launch) {
    arguments.setLogitsType(logits);
    int warps = Math.min(MOST_WARPS, labels / LANES + 1);
    launch.kernel(kernel, utterances, 2 * warps * LANES, arguments.pointers());
  }
}
