package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Targets that do not fit into their frames: neither a lattice nor a path is made room for. */
class UnfitTest {
  private static final int LABELS = 1_000_000;
  private static final int FRAMES = 6;
  private static final int CLASSES = 5;

  /** What the labels alone would take, once copied. */
  private static final long MOST_BYTES = 4L * LABELS;

  private static final int[] LONG = new int[LABELS];
  private static final int[] WITH_REPEATS = {2, 2, 2, 2}; // 7 frames

  static {
    Arrays.setAll(LONG, i -> 1 + i % 4);
  }

  private static final Targets TARGETS =
      Targets.of(new int[] {1, 3}, LONG, WITH_REPEATS, LONG, LONG);

  /** The fourth has NaN, the last no frames. */
  private static final int[] LENGTHS = {FRAMES, FRAMES, FRAMES, FRAMES, 0};

  private static final CtcStatus[] STATUSES = {
    CtcStatus.OK,
    CtcStatus.INFEASIBLE,
    CtcStatus.INFEASIBLE,
    CtcStatus.NOT_FINITE,
    CtcStatus.INFEASIBLE
  };

  private static FrameTensor logits(int width) {
    FrameTensor logits =
        FrameTensor.timeMajor(new float[FRAMES * TARGETS.utterances() * width], FRAMES, 5, width);
    Random random = new Random(1);
    for (long i = 0; i < logits.elements().length(); i++) {
      logits.elements().set(i, random.nextGaussian());
    }
    logits.set(4, 3, 0, Double.NaN);
    return logits;
  }

  private static CtcBatch batch() {
    return CtcBatch.of(logits(CLASSES), TARGETS, LENGTHS);
  }

  private static Ctc engine(Backend backend) {
    return Ctc.create(backend, EngineOptions.DEFAULT.withThreads(1));
  }

  /** Classes are loaded before anything is counted. */
  private static <T> T frugally(Supplier<T> call) {
    call.get();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    T result = call.get();
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(bytes < MOST_BYTES, () -> "%,d bytes".formatted(bytes));
    return result;
  }

  private static FrameTensor full(int frames, int width) {
    FrameTensor place =
        FrameTensor.timeMajor(new float[frames * TARGETS.utterances() * width], frames, 5, width);
    for (long i = 0; i < place.elements().length(); i++) {
      place.elements().set(i, 7);
    }
    return place;
  }

  private static void assertZeros(FrameTensor tensor, String what) {
    for (int n = 1; n < tensor.utterances(); n++) {
      for (int t = 0; t < tensor.frames(); t++) {
        for (int c = 0; c < tensor.classes(); c++) {
          assertEquals(0, tensor.get(t, n, c), what + " of utterance " + n);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"CPU", "REFERENCE"})
  @DisplayName("Losses, gradient, posteriors: no memory for them, and what they are defined to be")
  void losses(Backend backend) {
    CtcBatch batch = batch();
    CtcBatch alone =
        CtcBatch.of(
            FrameTensor.strided(
                batch.logits().elements(),
                0,
                FRAMES,
                1,
                CLASSES,
                new Strides(5 * CLASSES, CLASSES, 1)),
            Targets.of(new int[] {1, 3}));
    for (boolean zeroInfinity : new boolean[] {false, true}) {
      CtcOptions options =
          CtcOptions.DEFAULT.withReduction(Reduction.SUM).withZeroInfinity(zeroInfinity);
      CtcResult result =
          frugally(
              () -> {
                try (Ctc ctc = engine(backend)) {
                  CtcResult places =
                      CtcResult.ofGradient(full(FRAMES, CLASSES))
                          .withPosteriors(full(FRAMES, CLASSES));
                  ctc.compute(batch, options, places);
                  return places;
                }
              });
      for (int n = 0; n < STATUSES.length; n++) {
        assertEquals(STATUSES[n], result.status(n), "utterance " + n);
      }
      double unfit = zeroInfinity ? 0 : Double.POSITIVE_INFINITY;
      double[] expected = {result.loss(0), unfit, unfit, Double.NaN, unfit};
      assertArrayEquals(expected, result.losses());
      assertZeros(result.gradient(), "gradient");
      assertZeros(result.posteriors(), "posteriors");
      try (Ctc ctc = engine(backend)) {
        assertEquals(ctc.loss(alone, options).loss(0), result.loss(0));
        double mean =
            ctc.loss(
                    CtcBatch.of(batch.logits(), TARGETS, new int[] {6, 6, 6, 0, 0}),
                    options.withReduction(Reduction.MEAN))
                .loss();
        assertEquals(zeroInfinity ? result.loss(0) / 2 / 5 : unfit, mean, 1e-12);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"CPU", "REFERENCE"})
  @DisplayName("State posteriors of one that does not fit are 0")
  void statePosteriors(Backend backend) {
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.timeMajor(new float[3 * 5 * CLASSES], 3, 5, CLASSES),
            Targets.of(new int[] {1, 3}, WITH_REPEATS, WITH_REPEATS, WITH_REPEATS, WITH_REPEATS));
    try (Ctc ctc = engine(backend)) {
      CtcResult result = CtcResult.ofLosses(5).withStatePosteriors(full(3, 9));
      ctc.compute(batch, CtcOptions.DEFAULT, result);
      assertZeros(result.statePosteriors(), "state posteriors");
      assertEquals(
          1, result.statePosteriors().get(0, 0, 0) + result.statePosteriors().get(0, 0, 1), 1e-6);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"CPU", "REFERENCE"})
  @DisplayName("Hidden states and a projection")
  void projections(Backend backend) {
    Projection projection = Projection.of(Elements.of(new float[CLASSES * 3]), null, CLASSES, 3);
    ProjectedBatch batch = ProjectedBatch.of(logits(3), projection, TARGETS, LENGTHS);
    ProjectedResult result =
        frugally(
            () -> {
              try (Ctc ctc = engine(backend)) {
                ProjectedResult places =
                    ProjectedResult.ofGradients(5, full(FRAMES, 3), null, null);
                ctc.compute(batch, CtcOptions.DEFAULT, places);
                return places;
              }
            });
    for (int n = 0; n < STATUSES.length; n++) {
      assertEquals(STATUSES[n], result.status(n), "utterance " + n);
    }
    assertZeros(result.hiddenGradient(), "hidden gradient");
  }

  @Test
  @DisplayName("The cpu backend counts no workspace for them")
  void workspace() {
    try (CpuCtc ctc = (CpuCtc) engine(Backend.CPU)) {
      long bytes = ctc.workspaceBytes(batch(), CtcOptions.DEFAULT, true);
      assertTrue(bytes < MOST_BYTES, () -> "%,d bytes".formatted(bytes));
    }
  }

  @Test
  @DisplayName("Alignment")
  void alignment() {
    CtcAligner aligner = CtcAligner.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(1));
    CtcBatch batch = batch();
    var paths = frugally(() -> aligner.align(batch, CtcOptions.DEFAULT));
    for (int n = 0; n < STATUSES.length; n++) {
      assertEquals(STATUSES[n], paths.get(n).status(), "utterance " + n);
      assertEquals(n == 0 ? FRAMES : 0, paths.get(n).frames(), "utterance " + n);
    }
  }
}
