package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_consistency_TYPE}, the divergence of two views and its gradients, a block a frame, and
 * {@code ctc_consistency_sum}, which adds up what the frames of an utterance have, a block an
 * utterance. Blocks grow with the classes, and with nothing else: their size decides the order of
 * additions.
 */
final class ConsistencyLauncher {
  private static final int WARP = 32;
  private static final int CLASSES_OF_WARP = 512;
  private static final int MOST_THREADS = 512;
  private static final int THREADS_OF_SUM = 256;

  private final KernelModules.Kernel float32;
  private final KernelModules.Kernel float64;
  private final KernelModules.Kernel sum;

  ConsistencyLauncher(KernelModules modules) {
    float32 = modules.kernel("consistency", "ctc_consistency_f32");
    float64 = modules.kernel("consistency", "ctc_consistency_f64");
    sum = modules.kernel("consistency", "ctc_consistency_sum");
  }

  void enqueue(DeviceConsistencyBatch batch, LossArguments arguments, Launch launch) {
    boolean wide =
        batch.first().type() == ElementType.FLOAT64 || batch.second().type() == ElementType.FLOAT64;
    int warps = (batch.classes() - 1) / CLASSES_OF_WARP + 1;
    int threads = Math.min(MOST_THREADS, WARP * warps);
    int blocks = batch.utterances() * batch.frames();
    launch.kernel(wide ? float64 : float32, blocks, threads, arguments.pointers());
    launch.kernel(sum, batch.utterances(), THREADS_OF_SUM, arguments.pointers());
  }
}
