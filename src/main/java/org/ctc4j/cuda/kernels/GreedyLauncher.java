package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceFrames;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_greedy_frames}, the most probable class of each frame by a warp each, and {@code
 * ctc_greedy_path}, what they collapse to by a warp an utterance.
 */
final class GreedyLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;
  private static final int LANES = 32;

  private final KernelModules.Kernel frames;
  private final KernelModules.Kernel path;

  GreedyLauncher(KernelModules modules) {
    frames = modules.kernel("greedy", "ctc_greedy_frames");
    path = modules.kernel("greedy", "ctc_greedy_path");
    frames.load();
    path.load();
  }

  /** The parameter is longer than the kernel's, which is its beginning. */
  void enqueueFrames(DeviceFrames batch, FramesArguments arguments, Launch launch) {
    long all = (long) batch.utterances() * batch.frames();
    int blocks = Launch.blocks(all, FRAMES_PER_BLOCK);
    launch.kernel(frames, blocks, THREADS, arguments.pointers());
  }

  void enqueuePath(DeviceFrames batch, GreedyArguments arguments, Launch launch) {
    launch.kernel(path, batch.utterances(), LANES, arguments.pointers());
  }
}
