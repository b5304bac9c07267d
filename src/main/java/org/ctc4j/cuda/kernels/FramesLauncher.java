package org.ctc4j.cuda.kernels;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_frames_TYPE_TIER}: log-sum-exp of each frame, softmax into the gradient, the labels'
 * probabilities into the workspace. Some lanes of a warp a frame for few classes, a block a frame
 * for many; the tier is the number of classes up to which a frame fits into the registers of its
 * threads. Blocks grow with the classes, and with nothing else: their size decides the order of
 * additions. {@code ctc_frames_probabilities} does the same of probabilities, of any number of
 * classes and any type.
 */
final class FramesLauncher {
  private static final int WARP = 32;
  private static final int THREADS = 256; // where a block has several frames
  private static final int CLASSES_OF_WARP = 512; // of a block
  private static final int MOST_THREADS = 1024;
  private static final int PACKET_BYTES = 16;

  /** float64 numbers take twice the registers, and few use them: it has some of these. */
  private enum Tier {
    C32(32, 4, true),
    C64(64, 8, false),
    C128(128, 16, false),
    C256(256, WARP, true),
    C1024(1024, WARP, false),
    C16384(16384, 0, false),
    ANY(Integer.MAX_VALUE, 0, true);

    final int classes;
    final int lanes; // of a frame; 0: a block
    final boolean float64;

    Tier(int classes, int lanes, boolean float64) {
      this.classes = classes;
      this.lanes = lanes;
      this.float64 = float64;
    }

    boolean takes(ElementType type) {
      return float64 || type != ElementType.FLOAT64;
    }

    static Tier of(ElementType type, int classes) {
      for (Tier tier : values()) {
        if (classes <= tier.classes && tier.takes(type)) {
          return tier;
        }
      }
      throw new AssertionError(classes);
    }
  }

  private final Map<Tier, Map<ElementType, KernelModules.Kernel>> kernels =
      new EnumMap<>(Tier.class);
  private final KernelModules.Kernel ofProbabilities;

  FramesLauncher(KernelModules modules) {
    for (Tier tier : Tier.values()) {
      String name = "ctc_frames_%s_" + tier.name().toLowerCase(Locale.ROOT);
      kernels.put(tier, modules.byType("frames_%s", name));
    }
    ofProbabilities = modules.kernel("frames_probabilities", "ctc_frames_probabilities");
  }

  /**
   * @param frames T · N, those beyond an utterance's length included
   */
  void enqueueProbabilities(long frames, LossArguments arguments, Launch launch) {
    enqueue(ofProbabilities, WARP, frames, arguments, launch);
  }

  private static void enqueue(
      KernelModules.Kernel kernel, int lanes, long frames, LossArguments arguments, Launch launch) {
    launch.kernel(kernel, Launch.blocks(frames, THREADS / lanes), THREADS, arguments.pointers());
  }

  /**
   * @param frames T · N, those beyond an utterance's length included
   */
  void enqueue(
      ElementType logits, long frames, int classes, LossArguments arguments, Launch launch) {
    Tier tier = Tier.of(logits, classes);
    KernelModules.Kernel kernel = kernels.get(tier).get(logits);
    if (tier.lanes > 0) {
      enqueue(kernel, tier.lanes, frames, arguments, launch);
      return;
    }
    int warps = (classes - 1) / CLASSES_OF_WARP + 1;
    int threads = Math.min(MOST_THREADS, WARP * warps);
    int sharedBytes = tier == Tier.ANY ? sharedBytes(logits, classes, kernel) : 0;
    arguments.setRoom(sharedBytes / logits.bytes());
    int blocks = Math.toIntExact(frames);
    launch.kernel(kernel, blocks, threads, sharedBytes, arguments.pointers());
  }

  /** For a whole frame, or for as much as there is. */
  private static int sharedBytes(ElementType type, int classes, KernelModules.Kernel kernel) {
    long packets = ((long) classes * type.bytes() + PACKET_BYTES - 1) / PACKET_BYTES;
    return (int) Math.min(packets, kernel.dynamicSharedBytes() / PACKET_BYTES) * PACKET_BYTES;
  }
}
