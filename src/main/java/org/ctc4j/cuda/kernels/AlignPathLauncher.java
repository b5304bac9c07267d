package org.ctc4j.cuda.kernels;

import java.util.Map;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_align_path_TYPE}: the best path of each utterance. A block an utterance, a warp for
 * each strip of 64 pairs of states, of which neighbours share 16. What takes float16 takes
 * bfloat16, too.
 */
final class AlignPathLauncher {
  private static final int LANES = 32;
  private static final int MOST_WARPS = 8;

  private final Map<ElementType, KernelModules.Kernel> kernels;

  AlignPathLauncher(KernelModules modules) {
    kernels = modules.byType("align_%s", "ctc_align_path_%s");
    kernels.put(ElementType.BFLOAT16, kernels.get(ElementType.FLOAT16));
    kernels.get(ElementType.FLOAT32).load(); // what most logits are; others when they come
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueue(
      ElementType logits, int utterances, int labels, AlignArguments arguments, Launch launch) {
    int warps = (int) Math.min(MOST_WARPS, AlignWorkspace.strips(labels + 1L));
    launch.kernel(kernels.get(logits), utterances, warps * LANES, arguments.pointers());
  }
}
