package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_posteriors}: posteriors as an output, of states and summed by class. One warp a frame;
 * a segment has K frames from either end.
 */
final class PosteriorsLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;

  private final KernelModules.Kernel kernel;

  PosteriorsLauncher(KernelModules modules) {
    kernel = modules.kernel("posteriors", "ctc_posteriors");
  }

  /**
   * @param rowsKept K
   */
  void enqueue(int utterances, int rowsKept, LossArguments arguments, Launch launch) {
    long frames = 2L * utterances * rowsKept;
    int blocks = Launch.blocks(frames, FRAMES_PER_BLOCK);
    launch.kernel(kernel, blocks, THREADS, arguments.pointers());
  }
}
