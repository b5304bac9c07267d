package org.ctc4j.cuda.kernels;

import java.util.Map;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/** {@code ctc_align_frames_TYPE}: largest logit and log-sum-exp of each frame. A warp a frame. */
final class AlignFramesLauncher {
  private static final int THREADS = 256;
  private static final int FRAMES_PER_BLOCK = 8;

  private final Map<ElementType, KernelModules.Kernel> kernels;

  AlignFramesLauncher(KernelModules modules) {
    kernels = modules.byType("align_%s", "ctc_align_frames_%s");
    kernels.get(ElementType.FLOAT32).load(); // what most logits are; others when they come
  }

  /**
   * @param frames T · N, those beyond an utterance's length included
   */
  void enqueue(ElementType logits, long frames, AlignArguments arguments, Launch launch) {
    int blocks = Launch.blocks(frames, FRAMES_PER_BLOCK);
    launch.kernel(kernels.get(logits), blocks, THREADS, arguments.pointers());
  }
}
