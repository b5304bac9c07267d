package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_offsets}, between frames and lattice, and {@code ctc_offset_labels}, in place of
 * {@code ctc_labels}: where numbers are added to the log-probabilities of the classes, which {@link
 * TargetOffsetsLauncher} has brought. One warp a frame.
 */
final class OffsetsLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;

  private final KernelModules.Kernel weights;
  private final KernelModules.Kernel labels;

  OffsetsLauncher(KernelModules modules) {
    weights = modules.kernel("offsets", "ctc_offsets");
    labels = modules.kernel("offsets", "ctc_offset_labels");
  }

  /**
   * @param frames N T
   */
  void enqueueWeights(long frames, LossArguments arguments, Launch launch) {
    enqueue(weights, frames, arguments, launch);
  }

  /**
   * @param rowsKept K
   */
  void enqueueLabels(int utterances, int rowsKept, LossArguments arguments, Launch launch) {
    enqueue(labels, 2L * utterances * rowsKept, arguments, launch);
  }

  void load() {
    weights.load();
    labels.load();
  }

  private static void enqueue(
      KernelModules.Kernel kernel, long frames, LossArguments arguments, Launch launch) {
    int blocks = Launch.blocks(frames, FRAMES_PER_BLOCK);
    launch.kernel(kernel, blocks, THREADS, arguments.pointers());
  }
}
