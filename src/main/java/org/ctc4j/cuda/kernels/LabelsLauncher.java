package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_labels}: sums the posteriors of each label over its positions, in a fixed order, into
 * the gradient. Eight lanes a frame; a segment has K frames from either end.
 */
final class LabelsLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 32;

  private final KernelModules.Kernel kernel;

  LabelsLauncher(KernelModules modules) {
    kernel = modules.kernel("labels", "ctc_labels");
    kernel.load();
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
