package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_align_wildcard_*}: what frames weigh on wildcards, a warp a frame, and the best path
 * of each utterance that has some, or may leave labels out: a block an utterance, an element of the
 * target a thread.
 */
final class AlignWildcardsLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;
  private static final int LANES = 32;
  private static final int MOST_WARPS = 8;

  private final KernelModules.Kernel frames;
  private final KernelModules.Kernel path;

  AlignWildcardsLauncher(KernelModules modules) {
    frames = modules.kernel("align_wildcards", "ctc_align_wildcard_frames");
    path = modules.kernel("align_wildcards", "ctc_align_wildcard_path");
  }

  /**
   * @param frameCount T · N, those beyond an utterance's length included
   */
  void enqueueFrames(long frameCount, AlignArguments arguments, Launch launch) {
    int blocks = Launch.blocks(frameCount, FRAMES_PER_BLOCK);
    launch.kernel(frames, blocks, THREADS, arguments.pointers());
  }

  /**
   * @param labels L, the length of the longest target
   */
  void enqueuePath(int utterances, int labels, AlignArguments arguments, Launch launch) {
    int warps = Math.max(1, Math.min(MOST_WARPS, Launch.blocks(labels, LANES)));
    launch.kernel(path, utterances, warps * LANES, arguments.pointers());
  }
}
