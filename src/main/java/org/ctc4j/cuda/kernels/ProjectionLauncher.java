package org.ctc4j.cuda.kernels;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import jcuda.Pointer;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_projection_STEP_TYPE}: what is done to chunks of logits between the matrix products,
 * and {@code ctc_projection_STEP} before and after them. A block an utterance, a warp a row or a
 * block a row.
 */
final class ProjectionLauncher {
  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;
  private static final int COLUMNS_PER_BLOCK = 32;

  /** The entry points, in the order of their use. */
  private enum Step {
    TARGETS(false),
    ROWS(false),
    GATHER(false),
    SUM(true),
    FINISH(false),
    SCALE(false),
    GRADIENT(true),
    BIAS(false),
    HIDDEN(false),
    WEIGHTS(false);

    final boolean byType; // one for each element type

    Step(boolean byType) {
      this.byType = byType;
    }
  }

  private final Map<Step, Map<ElementType, KernelModules.Kernel>> kernels =
      new EnumMap<>(Step.class);

  ProjectionLauncher(KernelModules modules) {
    for (Step step : Step.values()) {
      String name = "ctc_projection_" + step.name().toLowerCase(Locale.ROOT);
      kernels.put(
          step,
          step.byType
              ? modules.byType("projection_%s", name + "_%s")
              : modules.forAllTypes("projection_any", name));
    }
  }

  /** The kernels for one call: its element type, its arguments and where they go. */
  Steps steps(ElementType type, Pointer arguments, Launch launch) {
    return new Steps(type, arguments, launch);
  }

  /** Enqueues one step after the other; the arguments are those at the time. */
  final class Steps {
    private final ElementType type;
    private final Pointer arguments;
    private final Launch launch;

    private Steps(ElementType type, Pointer arguments, Launch launch) {
      this.type = type;
      this.arguments = arguments;
      this.launch = launch;
    }

    void targets(int utterances) {
      launch(Step.TARGETS, utterances);
    }

    void rows(int utterances) {
      launch(Step.ROWS, utterances);
    }

    void gather(int rows) {
      launch(Step.GATHER, Launch.blocks(rows, WARPS));
    }

    void sum(int rowsOfChunk) {
      launch(Step.SUM, rowsOfChunk);
    }

    void finish(int rows) {
      launch(Step.FINISH, Launch.blocks(rows, WARPS));
    }

    void scale() {
      launch(Step.SCALE, 1);
    }

    void gradient(int rowsOfChunk) {
      launch(Step.GRADIENT, rowsOfChunk);
    }

    void bias(int classesOfChunk) {
      launch(Step.BIAS, Launch.blocks(classesOfChunk, COLUMNS_PER_BLOCK));
    }

    /**
     * @param frames T · N, unused ones included
     */
    void hidden(long frames) {
      launch(Step.HIDDEN, Launch.blocks(frames, WARPS));
    }

    void weights(int classesOfChunk, int dimensions) {
      launch(Step.WEIGHTS, Launch.blocks((long) classesOfChunk * dimensions, THREADS));
    }

    private void launch(Step step, int blocks) {
      launch.kernel(kernels.get(step).get(type), blocks, THREADS, arguments);
    }
  }
}
