package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.CtcOptions;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Projection;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;

/**
 * A random batch of hidden states with a projection: ragged, with targets that repeat labels, are
 * empty or cannot fit. Logits have a deviation of about 2.
 */
record ProjectionCase(
    FrameTensor hidden, Projection projection, int[][] targets, int[] inputLengths, int blank) {

  static ProjectionCase random(
      Random random,
      ElementType type,
      int frames,
      int utterances,
      int classes,
      int dimensions,
      int labels) {
    TestBatch shape = TestBatch.random(random, frames, utterances, classes, labels, 0);
    FrameTensor hidden =
        FrameTensor.timeMajor(
            elements(random, type, (long) frames * utterances * dimensions, 1),
            frames,
            utterances,
            dimensions);
    Projection projection =
        Projection.of(
            elements(random, type, (long) classes * dimensions, 2 / Math.sqrt(dimensions)),
            elements(random, type, classes, 0.5),
            classes,
            dimensions);
    return new ProjectionCase(
        hidden, projection, shape.targets(), shape.inputLengths(), shape.blank());
  }

  /**
   * In frame 0 of utterance 0 the product of the last class is too large, all others are 0. A
   * thread that has this class has no other. Products of float16 are never too large.
   */
  static ProjectionCase tooLarge(ElementType type) {
    double large = type == ElementType.FLOAT64 ? 1e200 : 1e30;
    ProjectionCase one = random(new Random(1), type, 5, 2, 41, 4, 2);
    Elements weight = one.projection.weight();
    for (long i = 0; i < weight.length(); i++) {
      weight.set(i, i == 4 * 40 ? large : 0);
    }
    one.hidden.set(0, 0, 0, large);
    return one;
  }

  static Elements elements(Random random, ElementType type, long count, double deviation) {
    Elements elements = allocate(type, (int) count);
    for (int i = 0; i < count; i++) {
      elements.set(i, deviation * random.nextGaussian());
    }
    return elements;
  }

  static Elements allocate(ElementType type, int count) {
    return switch (type) {
      case FLOAT64 -> Elements.of(new double[count]);
      case FLOAT32 -> Elements.of(new float[count]);
      case FLOAT16 -> Elements.float16(shorts(count));
      case BFLOAT16 -> Elements.bfloat16(shorts(count));
    };
  }

  private static ShortBuffer shorts(int count) {
    return ByteBuffer.allocateDirect(2 * count).order(ByteOrder.nativeOrder()).asShortBuffer();
  }

  ProjectedBatch batch() {
    return ProjectedBatch.of(hidden, projection, Targets.of(targets), inputLengths);
  }

  CtcOptions options() {
    return CtcOptions.DEFAULT.withBlank(blank);
  }

  int frames() {
    return hidden.frames();
  }

  int utterances() {
    return hidden.utterances();
  }

  int dimensions() {
    return projection.dimensions();
  }

  int classes() {
    return projection.classes();
  }

  /** Room for all gradients, float32, the bias's always. */
  ProjectedResult room() {
    return ProjectedResult.ofGradients(
        utterances(),
        FrameTensor.timeMajor(
            new float[frames() * utterances() * dimensions()],
            frames(),
            utterances(),
            dimensions()),
        allocate(ElementType.FLOAT32, classes() * dimensions()),
        allocate(ElementType.FLOAT32, classes()));
  }

  static void assertAgrees(
      ProjectedResult expected,
      ProjectedResult got,
      double lossTolerance,
      double gradientTolerance,
      String what) {
    for (int n = 0; n < expected.utterances(); n++) {
      String which = what + ", utterance " + n;
      assertEquals(expected.status(n), got.status(n), which);
      double e = expected.loss(n);
      double tolerance = lossTolerance * Math.max(1, 1 / Math.max(1e-9, e));
      Agreement.assertLoss(e, got.loss(n), tolerance, () -> which);
    }
    FrameTensor hidden = expected.hiddenGradient();
    if (hidden != null) {
      Agreement.assertGradient(
          hidden::get, got.hiddenGradient(), gradientTolerance, () -> what + ", hidden");
    }
    assertNear(
        expected.weightGradient(), got.weightGradient(), gradientTolerance, what + ", weight");
    assertNear(expected.biasGradient(), got.biasGradient(), gradientTolerance, what + ", bias");
  }

  private static void assertNear(Elements expected, Elements got, double tolerance, String what) {
    if (expected == null) {
      return;
    }
    int count = Math.toIntExact(expected.length());
    FrameTensor e = FrameTensor.timeMajor(expected, count, 1, 1);
    Agreement.assertGradient(
        e::get, FrameTensor.timeMajor(got, count, 1, 1), tolerance, () -> what);
  }

  /** Losses and gradients. */
  static void assertSameBits(ProjectedResult expected, ProjectedResult got) {
    assertArrayEquals(expected.losses(), got.losses());
    assertSameBits(expected.hiddenGradient().elements(), got.hiddenGradient().elements());
    assertSameBits(expected.weightGradient(), got.weightGradient());
    assertSameBits(expected.biasGradient(), got.biasGradient());
  }

  private static void assertSameBits(Elements expected, Elements got) {
    for (long i = 0; i < expected.length(); i++) {
      long index = i;
      assertEquals(expected.get(i), got.get(i), () -> "element " + index);
    }
  }
}
