package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.Engines;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Projection;
import org.ctc4j.Targets;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to this backend's way with projected batches. */
class ProjectedTest {
  /** Tilings that divide nothing, and groups of one utterance, or of two. */
  @Nested
  class SmallSizesInJava extends SizedProjectionContract {
    SmallSizesInJava() {
      super(new ProjectionTiling(7, 5, 3, 20, 3, 300), "java");
    }
  }

  /** Ranges of one frame or two, a panel each. */
  @Nested
  class FewFramesInJava extends SizedProjectionContract {
    FewFramesInJava() {
      super(new ProjectionTiling(2, 33, 1, 1, 1, 1), "java");
    }
  }

  /** All classes in one tile, all frames in one panel. */
  @Nested
  class OneChunkByOpenBlas extends SizedProjectionContract {
    OneChunkByOpenBlas() {
      super(new ProjectionTiling(1 << 12, 1 << 14, 1, 1 << 16, 1, 1 << 24), "openblas");
    }
  }

  @Nested
  class DefaultSizesInJava extends SizedProjectionContract {
    DefaultSizesInJava() {
      super(ProjectionTiling.DEFAULT, "java");
    }
  }

  private static ProjectedBatch batch(int frames, int dimensions, int classes) {
    float[] hidden = new float[frames * dimensions];
    float[] weight = new float[classes * dimensions];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = (i * 7 % 11 - 5) / 4f;
    }
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (i * 5 % 13 - 6) / 8f;
    }
    return ProjectedBatch.of(
        FrameTensor.timeMajor(hidden, frames, 1, dimensions),
        Projection.of(Elements.of(weight), null, classes, dimensions),
        Targets.of(new int[] {3, 1, 2}));
  }

  /** One thread, and not the Vector API, which allocates until it is compiled. */
  private static Ctc countable() {
    return Engines.of(
        new CpuBackend(
            EngineOptions.DEFAULT.withThreads(1),
            new ScalarKernels(),
            ProjectionTiling.DEFAULT,
            Blas.choose("openblas"),
            LossTask.SMALL));
  }

  /** Bytes that a new engine allocates for a call whose outputs are there. */
  private static long allocated(int classes) {
    ProjectedBatch batch = batch(300, 4, classes);
    ProjectedResult result =
        ProjectedResult.ofGradients(
            1,
            batch.hidden().zerosLike(batch.hidden().elements().type()),
            Elements.of(new float[4 * classes]),
            Elements.of(new float[classes]));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Ctc ctc = countable()) {
      long before = threads.getCurrentThreadAllocatedBytes();
      ctc.compute(batch, CtcOptions.DEFAULT, result);
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(result.loss() > 0, () -> "loss " + result.loss());
      return bytes;
    }
  }

  @Test
  void memoryDoesNotGrowWithTheClasses() {
    allocated(2_000); // classes are loaded before anything is counted
    long few = allocated(10_000);
    long many = allocated(250_000);
    long logits = 300L * 250_000 * Float.BYTES;
    String what = "%,d bytes at 10,000 classes, %,d at 250,000".formatted(few, many);
    assertTrue(many < few + few / 10 + 100_000, what);
    assertTrue(many < logits / 10, what);
  }

  @Test
  void aSecondCallAllocatesNextToNothing() {
    ProjectedBatch batch = batch(300, 4, 3_000);
    ProjectedResult result =
        ProjectedResult.ofGradients(1, null, Elements.of(new float[4 * 3_000]), null);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Ctc ctc = countable()) {
      ctc.compute(batch, CtcOptions.DEFAULT, result);
      long before = threads.getCurrentThreadAllocatedBytes();
      ctc.compute(batch, CtcOptions.DEFAULT, result);
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(bytes < 500_000, () -> bytes + " bytes"); // the compact table, anew
    }
  }

  @Test
  void logitsBeyondFloat32AreNotFinite() {
    float[] hidden = {1, 1, 1e30f, 1};
    ProjectedBatch batch =
        ProjectedBatch.of(
            FrameTensor.batchMajor(hidden, 2, 2, 1),
            Projection.of(Elements.of(new float[] {1e30f, 1}), null, 2, 1),
            Targets.of(new int[] {1}, new int[] {1}));
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      ProjectedResult result = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
      assertEquals(CtcStatus.NOT_FINITE, result.status(1));
      assertTrue(Double.isNaN(result.loss(1)));
      assertEquals(0, result.hiddenGradient().get(0, 1, 0));
      assertFalse(result.status(0) == CtcStatus.NOT_FINITE);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"java", "openblas", ""})
  void theBlasThatIsNamedIsTaken(String name) {
    Blas blas = Blas.choose(name);
    assertEquals(!name.equals("java"), blas.isOpenBlas(), blas::name);
    float[] product = new float[4];
    Arrays.fill(product, Float.NaN); // beta = 0: not read
    blas.netlib()
        .sgemm(
            "T",
            "N",
            2,
            2,
            1,
            1,
            new float[] {1, 2},
            0,
            1,
            new float[] {3, 4},
            0,
            1,
            0,
            product,
            0,
            2);
    assertEquals("[3.0, 6.0, 4.0, 8.0]", Arrays.toString(product));
  }

  @Test
  void anUnknownBlasIsRefused() {
    BackendUnavailableException e =
        assertThrows(BackendUnavailableException.class, () -> Blas.choose("mkl"));
    assertTrue(e.getMessage().contains("expected java or openblas, got mkl"), e::getMessage);
  }
}
