package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/** {@code ctc_align_frames}: largest logit and log-sum-exp of each frame. A warp a frame. */
final class AlignFramesLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;

  private final KernelModules.Kernel kernel;

  AlignFramesLauncher(KernelModules modules) {
    kernel = modules.kernel("align_frames", "ctc_align_frames");
    kernel.load();
  }

  /**
   * @param frames T · N, those beyond an utterance's length included
   */
  void enqueue(long frames, AlignArguments arguments, Launch launch) {
    int blocks = Launch.blocks(frames, FRAMES_PER_BLOCK);
    launch.kernel(kernel, blocks, THREADS, arguments.pointers());
  }
}
