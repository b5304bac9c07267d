package org.ctc4j.cuda.kernels;

import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_complement}: loss and gradient once more of utterances that are all but certain, by
 * the probability of everything else. One block an utterance; the others end at once. Overwrites
 * what the other kernels left in the workspace.
 */
final class ComplementLauncher {
  private static final int LANES = 32;
  private static final int MOST_WARPS = 4;

  private final KernelModules.Kernel kernel;

  ComplementLauncher(KernelModules modules) {
    kernel = modules.kernel("complement", "ctc_complement");
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
