package org.ctc4j.cuda.kernels;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_frames_TYPE_TIER}: log-sum-exp of each frame, softmax into the gradient, the labels'
 * probabilities into the workspace. A warp a frame for few classes, a block a frame for many; the
 * tier is the number of classes up to which a frame fits into the registers of its threads.
 */
final class FramesLauncher {
  private enum Tier {
    C32(32, 256, 8),
    C256(256, 256, 8),
    C1024(1024, 256, 8),
    C8192(8192, 512, 1),
    ANY(Integer.MAX_VALUE, 512, 1);

    final int classes;
    final int threads;
    final int framesPerBlock;

    Tier(int classes, int threads, int framesPerBlock) {
      this.classes = classes;
      this.threads = threads;
      this.framesPerBlock = framesPerBlock;
    }

    static Tier of(int classes) {
      for (Tier tier : values()) {
        if (classes <= tier.classes) {
          return tier;
        }
      }
      throw new AssertionError(classes);
    }
  }

  private final Map<Tier, Map<ElementType, KernelModules.Kernel>> kernels =
      new EnumMap<>(Tier.class);

  FramesLauncher(KernelModules modules) {
    for (Tier tier : Tier.values()) {
      String name = "ctc_frames_%s_" + tier.name().toLowerCase(Locale.ROOT);
      kernels.put(tier, modules.byType("frames_%s", name));
    }
  }

  /**
   * @param frames T · N, those beyond an utterance's length included
   */
  void enqueue(
      ElementType logits, long frames, int classes, LossArguments arguments, Launch launch) {
    Tier tier = Tier.of(classes);
    int blocks = Launch.blocks(frames, tier.framesPerBlock);
    launch.kernel(kernels.get(tier).get(logits), blocks, tier.threads, arguments.pointers());
  }
}
