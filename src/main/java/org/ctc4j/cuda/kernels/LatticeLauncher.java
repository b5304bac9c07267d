package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_lattice_pP}: alpha from the front and beta from the back, to their meeting and past
 * it. One block an utterance: W warps for alpha and W for beta, each lane with P pairs of states (a
 * blank and its label).
 */
final class LatticeLauncher {
  private static final int LANES = 32;
  private static final int MOST_WARPS = 4;

  /** Pairs per lane, and up to how many pairs it is the fastest. */
  private static final int[] PAIRS_PER_LANE = {1, 2, 4};

  private static final int[] PAIRS = {128, 256, Integer.MAX_VALUE};

  private final KernelModules.Kernel[] kernels = new KernelModules.Kernel[PAIRS.length];

  LatticeLauncher(KernelModules modules) {
    for (int i = 0; i < kernels.length; i++) {
      String file = "lattice_p" + PAIRS_PER_LANE[i];
      kernels[i] = modules.kernel(file, "ctc_" + file);
    }
  }

  /**
   * Enqueues one segment of the recursions.
   *
   * @param labels L, the length of the longest target
   */
  void enqueue(int utterances, int labels, LossArguments arguments, Launch launch) {
    long pairs = labels + 1L;
    int tier = 0;
    while (pairs > PAIRS[tier]) {
      tier++;
    }
    int pairsPerWarp = LANES * PAIRS_PER_LANE[tier];
    int warps = (int) Math.min(MOST_WARPS, (pairs + pairsPerWarp - 1) / pairsPerWarp);
    launch.kernel(kernels[tier], utterances, 2 * warps * LANES, arguments.pointers());
  }
}
