package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_wildcards_*}, for utterances whose targets have wildcards: a block for each of them,
 * or a warp a frame. The others' blocks and warps end at once.
 */
final class WildcardsLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;
  private static final int MAX_WARPS = 8;

  private final KernelModules.Kernel prepare;
  private final KernelModules.Kernel frames;
  private final KernelModules.Kernel lattice;
  private final KernelModules.Kernel gradient;

  WildcardsLauncher(KernelModules modules) {
    prepare = modules.kernel("wildcards", "ctc_wildcards_prepare");
    frames = modules.kernel("wildcards", "ctc_wildcards_frames");
    lattice = modules.kernel("wildcards", "ctc_wildcards_lattice");
    gradient = modules.kernel("wildcards", "ctc_wildcards_gradient");
  }

  /** Before all other kernels of a call, which then take the target lengths that it writes. */
  void enqueuePrepare(int utterances, LossArguments arguments, Launch launch) {
    launch.kernel(prepare, utterances, THREADS, arguments.pointers());
  }

  /**
   * @param count N T
   */
  void enqueueFrames(long count, LossArguments arguments, Launch launch) {
    int blocks = Launch.blocks(count, FRAMES_PER_BLOCK);
    launch.kernel(frames, blocks, THREADS, arguments.pointers());
  }

  /** A segment, the first of which has the last frames. */
  void enqueueLattice(int utterances, int longest, LossArguments arguments, Launch launch) {
    int threads = 32 * Math.min(MAX_WARPS, Launch.blocks(longest + 1L, 32));
    launch.kernel(lattice, utterances, threads, arguments.pointers());
  }

  /**
   * @param rowsKept K
   */
  void enqueueGradient(int utterances, int rowsKept, LossArguments arguments, Launch launch) {
    int blocks = Launch.blocks((long) utterances * rowsKept, FRAMES_PER_BLOCK);
    launch.kernel(gradient, blocks, THREADS, arguments.pointers());
  }
}
