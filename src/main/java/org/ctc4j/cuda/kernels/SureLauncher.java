package org.ctc4j.cuda.kernels;

import java.util.Map;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_sure_TYPE}: the losses that are small and their gradients once more, in float64. One
 * block an utterance; those whose loss is not small end at once. Overwrites what the other kernels
 * left in the workspace.
 */
final class SureLauncher {
  private static final int LANES = 32;
  private static final int MOST_WARPS = 8;

  private final Map<ElementType, KernelModules.Kernel> kernels;

  SureLauncher(KernelModules modules) {
    kernels = modules.byType("sure", "ctc_sure_%s");
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueue(
      ElementType logits, int utterances, int labels, LossArguments arguments, Launch launch) {
    int warps = Math.min(MOST_WARPS, labels / LANES + 1);
    launch.kernel(kernels.get(logits), utterances, 2 * warps * LANES, arguments.pointers());
  }
}
