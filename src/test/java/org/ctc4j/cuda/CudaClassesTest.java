package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ShortBuffer;
import java.util.List;
import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.ctc4j.Strides;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Numbers of classes on both sides of every bound that the kernels have. */
@OnDevice
@Tag("ptx")
class CudaClassesTest {
  private static final int[] CLASSES = {
    1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 513, 1023, 1024, 1025, 2048,
    8191, 8192, 8193, 10_241, 16_384, 16_385, 32_000, 58_001
  };
  private static final int FRAMES = 3;
  private static final int UTTERANCES = 2;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  @AfterEach
  void nothingIsFound() {
    TestDriver.assertNoFindings();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Any number of classes: the reference's results, the same bits wherever rows lie")
  void anyNumber(ElementType type) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        Ctc cuda = Ctc.create(Backend.CUDA)) {
      for (int classes : CLASSES) {
        TestBatch batch = drawn(classes);
        String what = "%s, %d classes, -Dctc4j.seed=%d".formatted(type, classes, seed);
        FrameTensor first = batch.fill(layouts(type, classes).get(0));
        CtcResult expected =
            CtcResult.ofGradient(first.zerosLike(ElementType.FLOAT64)); // of rounded logits
        reference.compute(batch.batch(first), batch.options(), expected);
        CtcResult got = computed(cuda, batch, first, type);
        for (int n = 0; n < UTTERANCES; n++) {
          assertEquals(expected.status(n), got.status(n), what);
          Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
        }
        Agreement.assertGradient(
            expected.gradient()::get, got.gradient(), tolerance(type), () -> what);
        for (FrameTensor other : layouts(type, classes)) {
          CtcResult moved = computed(cuda, batch, batch.fill(other), type);
          Agreement.assertSameBits(got, moved, () -> what + ", laid out otherwise");
        }
      }
    }
  }

  private static CtcResult computed(
      Ctc cuda, TestBatch batch, FrameTensor logits, ElementType gradientType) {
    CtcResult result = CtcResult.ofGradient(logits.zerosLike(gradientType));
    CtcOptions options = batch.options();
    cuda.compute(batch.batch(logits), options, result);
    return result;
  }

  /** Some maxima occur twice, some classes are impossible. */
  private TestBatch drawn(int classes) {
    TestBatch batch = TestBatch.random(random, FRAMES, UTTERANCES, classes, 2, 2);
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        double most = 9 * random.nextDouble();
        for (int i = 0; i < classes / 3; i++) {
          int c = random.nextInt(classes);
          row[c] = i < 3 ? most : i % 4 == 0 ? Double.NEGATIVE_INFINITY : row[c];
        }
      }
    }
    return batch;
  }

  /** Dense; rows of odd pitch behind an offset; classes far apart. */
  private static List<FrameTensor> layouts(ElementType type, int classes) {
    int pitch = classes + 3 - classes % 2;
    int size = FRAMES * UTTERANCES * classes;
    return List.of(
        FrameTensor.timeMajor(elements(type, size), FRAMES, UTTERANCES, classes),
        FrameTensor.strided(
            elements(type, FRAMES * UTTERANCES * pitch + 1),
            1,
            FRAMES,
            UTTERANCES,
            classes,
            new Strides(pitch, (long) FRAMES * pitch, 1)),
        FrameTensor.strided(
            elements(type, size),
            0,
            FRAMES,
            UTTERANCES,
            classes,
            new Strides(UTTERANCES, 1, FRAMES * 2L)));
  }

  private static Elements elements(ElementType type, int size) {
    return switch (type) {
      case FLOAT64 -> Elements.of(new double[size]);
      case FLOAT32 -> Elements.of(new float[size]);
      case FLOAT16 -> Elements.float16(ShortBuffer.allocate(size));
      case BFLOAT16 -> Elements.bfloat16(ShortBuffer.allocate(size));
    };
  }

  /** By how much the gradient's own type rounds, or what float32 arithmetic may leave. */
  private static double tolerance(ElementType type) {
    return switch (type) {
      case FLOAT64, FLOAT32 -> 1e-6;
      case FLOAT16 -> 1e-3;
      case BFLOAT16 -> 4e-3;
    };
  }
}
