package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Projection;
import org.ctc4j.Reduction;
import org.ctc4j.Seed;
import org.ctc4j.Strides;
import org.ctc4j.cuda.driver.KernelImages;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Projected batches in host memory. */
@OnDevice
class CudaProjectionTest {
  private final Random random = Seed.random(getClass());

  @AfterEach
  void nothingIsLeft() {
    TestDriver.assertNoFindings();
    TestDriver.assertNothingLeft();
  }

  private static ProjectedResult computed(Ctc engine, ProjectionCase one) {
    ProjectedResult result = one.room();
    engine.compute(one.batch(), one.options(), result);
    return result;
  }

  private static ProjectedResult expected(ProjectionCase one) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      return computed(reference, one);
    }
  }

  private static Ctc cuda(long workspaceBytes) {
    return Ctc.create(Backend.CUDA, EngineOptions.DEFAULT.withWorkspaceBytes(workspaceBytes));
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("Losses and all gradients are those of the reference, for every element type")
  void types(ElementType type) {
    ProjectionCase one = ProjectionCase.random(random, type, 12, 4, 37, 9, 5);
    try (Ctc cuda = Ctc.create(Backend.CUDA)) {
      ProjectionCase.assertAgrees(expected(one), computed(cuda, one), 1e-6, 1e-5, type.toString());
    }
    String suffix = KernelImages.suffix(type);
    TestDriver.assertLaunches(1, "ctc_projection_sum_" + suffix);
    TestDriver.assertLaunches(1, "ctc_projection_gradient_" + suffix);
    int parts =
        switch (type) {
          case FLOAT64, FLOAT32 -> 1;
          case FLOAT16 -> 2;
          case BFLOAT16 -> 3;
        };
    TestDriver.assertCalls(2 + 2 * parts, "cublasGemmEx");
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("In chunks of rows and of classes: the same, and the same bits twice")
  void chunks(ElementType type) {
    ProjectionCase one = ProjectionCase.random(random, type, 71, 3, 331, 6, 12);
    TestDriver.set("checking", 0);
    try (Ctc cuda = cuda(1)) {
      ProjectedResult got = computed(cuda, one);
      ProjectionCase.assertAgrees(expected(one), got, 1e-6, 1e-5, type.toString());
      ProjectionCase.assertSameBits(got, computed(cuda, one));
    }
    TestDriver.assertLaunchesAtLeast(2 * 2 * 6, "ctc_projection_sum_" + KernelImages.suffix(type));
  }

  @Test
  @DisplayName("Threads and blocks in any order: the same bits")
  void anyOrderOfThreads() {
    ProjectionCase one = ProjectionCase.random(random, ElementType.BFLOAT16, 12, 3, 200, 6, 5);
    try (Ctc cuda = Ctc.create(Backend.CUDA)) {
      ProjectedResult expected = computed(cuda, one);
      for (int seed = 1; seed <= 3; seed++) {
        TestDriver.set("seed", seed);
        ProjectionCase.assertSameBits(expected, computed(cuda, one));
      }
    }
  }

  @Test
  @DisplayName("float16: small weights and many classes do not fall out of its range")
  void float16Range() {
    ProjectionCase one = ProjectionCase.random(random, ElementType.FLOAT16, 9, 3, 3000, 5, 4);
    double[] weights = {1e-6, 3e-7, -2e-6};
    ProjectedBatch batch = one.batch().withWeights(weights);
    ProjectedResult expected = one.room();
    ProjectedResult got = one.room();
    TestDriver.set("checking", 0);
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        Ctc cuda = Ctc.create(Backend.CUDA)) {
      reference.compute(batch, one.options(), expected);
      cuda.compute(batch, one.options(), got);
    }
    for (int i = 0; i < 3000; i++) {
      for (Elements gradient : List.of(expected.biasGradient(), got.biasGradient())) {
        gradient.set(i, gradient.get(i) * 1e6);
      }
      for (int d = 0; d < 5; d++) {
        for (Elements gradient : List.of(expected.weightGradient(), got.weightGradient())) {
          gradient.set(5 * i + d, gradient.get(5 * i + d) * 1e6);
        }
      }
    }
    ProjectionCase.assertAgrees(expected, got, 1e-6, 1e-5, "small weights");
  }

  @ParameterizedTest
  @EnumSource(names = "FLOAT16", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("A product that is too large in one class spoils its utterance")
  void tooLarge(ElementType type) {
    try (Ctc cuda = Ctc.create(Backend.CUDA)) {
      ProjectedResult got = computed(cuda, ProjectionCase.tooLarge(type));
      assertEquals(CtcStatus.NOT_FINITE, got.status(0));
    }
  }

  @Test
  @DisplayName(
      "Unused frames are not read; a used one that is not finite spoils its utterance alone")
  void notFinite() {
    for (ElementType type : ElementType.values()) {
      for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
        ProjectionCase one = ProjectionCase.random(random, type, 8, 4, 21, 5, 3);
        int[] lengths = {8, 6, 5, 7};
        int[][] targets = {{1}, {2, 3}, {}, {4, 4}};
        ProjectionCase spoilt =
            new ProjectionCase(one.hidden(), one.projection(), targets, lengths, 0);
        for (int d = 0; d < 5; d++) {
          one.hidden().set(7, 1, d, Double.NaN);
          one.hidden().set(5, 2, d, Double.NaN);
        }
        one.hidden().set(6, 3, 2, bad);
        try (Ctc cuda = Ctc.create(Backend.CUDA)) {
          ProjectedResult got = computed(cuda, spoilt);
          assertEquals(CtcStatus.NOT_FINITE, got.status(3));
          assertEquals(CtcStatus.OK, got.status(2));
          ProjectionCase.assertAgrees(expected(spoilt), got, 1e-6, 1e-5, type + " " + bad);
        }
      }
    }
  }

  @Test
  @DisplayName(
      "A bias of -Infinity makes a class impossible; without bias there is a gradient of it")
  void bias() {
    ProjectionCase one = ProjectionCase.random(random, ElementType.FLOAT32, 9, 2, 21, 5, 3);
    one.projection().bias().set(7, Double.NEGATIVE_INFINITY);
    ProjectionCase none =
        new ProjectionCase(
            one.hidden(),
            Projection.of(one.projection().weight(), null, 21, 5),
            one.targets(),
            one.inputLengths(),
            one.blank());
    try (Ctc cuda = Ctc.create(Backend.CUDA)) {
      ProjectionCase.assertAgrees(expected(one), computed(cuda, one), 1e-6, 1e-5, "-Infinity");
      ProjectionCase.assertAgrees(expected(none), computed(cuda, none), 1e-6, 1e-5, "no bias");
    }
  }

  @Test
  @DisplayName("Each gradient alone, and losses alone; nothing that is not asked for is computed")
  void someGradients() {
    ProjectionCase one = ProjectionCase.random(random, ElementType.FLOAT32, 9, 3, 21, 5, 3);
    ProjectedResult all = expected(one);
    for (int mask = 0; mask < 8; mask++) {
      ProjectedResult room = one.room();
      ProjectedResult some =
          ProjectedResult.ofGradients(
              3,
              (mask & 1) == 0 ? null : room.hiddenGradient(),
              (mask & 2) == 0 ? null : room.weightGradient(),
              (mask & 4) == 0 ? null : room.biasGradient());
      ProjectedResult expected =
          ProjectedResult.ofGradients(
              3,
              (mask & 1) == 0 ? null : all.hiddenGradient(),
              (mask & 2) == 0 ? null : all.weightGradient(),
              (mask & 4) == 0 ? null : all.biasGradient());
      TestDriver.resetCounts();
      try (Ctc cuda = Ctc.create(Backend.CUDA);
          Ctc reference = Ctc.create(Backend.REFERENCE)) {
        cuda.compute(one.batch(), one.options(), some);
        reference.compute(one.batch(), one.options(), expected);
      }
      ProjectionCase.assertAgrees(expected, some, 1e-6, 1e-5, "gradients " + mask);
      int products = mask == 0 ? 1 : 2 + (mask & 1) + (mask >> 1 & 1);
      TestDriver.assertCalls(products, "cublasGemmEx");
    }
  }

  @Test
  @DisplayName(
      "Every reduction, zeroInfinity, layouts, 16-bit and float64 gradients, no frames, one class")
  void shapes() {
    ProjectionCase one = ProjectionCase.random(random, ElementType.FLOAT32, 10, 4, 19, 7, 8);
    FrameTensor strided =
        FrameTensor.strided(
            ProjectionCase.elements(random, ElementType.FLOAT32, 3000, 1),
            5,
            10,
            4,
            7,
            new Strides(4, 40, 400));
    ProjectionCase other =
        new ProjectionCase(
            strided, one.projection(), one.targets(), one.inputLengths(), one.blank());
    ProjectionCase empty =
        new ProjectionCase(one.hidden(), one.projection(), new int[4][0], new int[4], one.blank());
    ProjectionCase none =
        new ProjectionCase(
            FrameTensor.timeMajor(new float[0], 3, 0, 7),
            one.projection(),
            new int[0][],
            new int[0],
            one.blank());
    ProjectionCase single = ProjectionCase.random(random, ElementType.FLOAT32, 4, 3, 1, 2, 0);
    try (Ctc cuda = Ctc.create(Backend.CUDA);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      for (Reduction reduction : Reduction.values()) {
        for (boolean zero : new boolean[] {false, true}) {
          CtcOptions options = one.options().withReduction(reduction).withZeroInfinity(zero);
          ProjectedResult expected = reference.lossAndGradient(one.batch(), options);
          ProjectedResult got = cuda.lossAndGradient(one.batch(), options);
          assertEquals(expected.loss(), got.loss(), 1e-6 * Math.abs(expected.loss()));
          ProjectionCase.assertAgrees(expected, got, 1e-6, 1e-5, options.toString());
        }
      }
      for (ProjectionCase each : List.of(other, empty, none, single)) {
        ProjectionCase.assertAgrees(
            expected(each), computed(cuda, each), 1e-6, 1e-5, each.toString());
      }
      ProjectedResult mixed =
          ProjectedResult.ofGradients(
              4,
              FrameTensor.batchMajor(ProjectionCase.allocate(ElementType.BFLOAT16, 280), 10, 4, 7),
              ProjectionCase.allocate(ElementType.FLOAT64, 133),
              ProjectionCase.allocate(ElementType.FLOAT32, 19));
      cuda.compute(one.batch(), one.options(), mixed);
      ProjectionCase.assertAgrees(expected(one), mixed, 1e-6, 4e-3, "mixed");
    }
  }

  @Test
  @DisplayName("float16 hidden states in pieces go up as float16")
  void pieces() {
    ProjectionCase one = ProjectionCase.random(random, ElementType.FLOAT16, 10, 2, 19, 4, 3);
    Elements all = one.hidden().elements();
    Elements[] parts = new Elements[2];
    for (int i = 0; i < 2; i++) {
      parts[i] = ProjectionCase.allocate(ElementType.FLOAT16, 40);
      for (int k = 0; k < 40; k++) {
        parts[i].set(k, all.get(40 * i + k));
      }
    }
    ProjectionCase same =
        new ProjectionCase(
            FrameTensor.timeMajor(Elements.concatenation(parts), 10, 2, 4),
            one.projection(),
            one.targets(),
            one.inputLengths(),
            one.blank());
    try (Ctc cuda = Ctc.create(Backend.CUDA)) {
      ProjectionCase.assertAgrees(expected(one), computed(cuda, same), 1e-6, 1e-5, "pieces");
    }
    TestDriver.assertLaunches(1, "ctc_projection_sum_f16");
  }

  /** Bytes of device memory at the peak, less those of input and output; 0 if nobody knows. */
  private long extraBytes(int classes) {
    ProjectionCase any = ProjectionCase.random(random, ElementType.FLOAT32, 6, 2, classes, 2, 3);
    int[][] targets = {{1, classes - 1, 1}, {classes / 2}};
    ProjectionCase one =
        new ProjectionCase(any.hidden(), any.projection(), targets, new int[] {6, 4}, 0);
    try (Ctc cuda = cuda(1 << 20)) {
      TestDriver.resetCounts();
      long before = TestDriver.isEmulated() ? Emulator.gauge("deviceBytes") : 0;
      ProjectionCase.assertAgrees(
          expected(one), computed(cuda, one), 1e-6, 1e-5, classes + " classes");
      TestDriver.assertCalls(1, "cuMemAlloc_v2");
      long inputAndOutput = 2L * 4 * classes * (2 + 1);
      return TestDriver.isEmulated()
          ? Emulator.gauge("peakDeviceBytes") - before - inputAndOutput
          : 0;
    }
  }

  @Test
  @DisplayName("Memory beyond input and output does not grow with C")
  void memory() {
    TestDriver.set("checking", 0);
    long few = extraBytes(10_000);
    // 250,000 take the emulated driver half a minute; a byte for each of 40,000 would show, too
    long many = extraBytes(TestDriver.isGpu() ? 250_000 : 50_000);
    assertTrue(Math.abs(many - few) < 2048, few + " and " + many + " bytes"); // alignment
    assertTrue(many < (4L << 20) + (1 << 20), many + " bytes"); // cuBLAS's, and the limit
  }
}
