package org.ctc4j.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Reduction;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CtcLossTest {
  private static final Ctc CTC = Ctc.create(Backend.CPU);
  private static final Ctc REFERENCE = Ctc.create(Backend.REFERENCE);
  private static final int FRAMES = 9;
  private static final int CLASSES = 5;

  /** Repeats, nothing, one that fits in no frame too many, and one that does not fit. */
  private static final int[][] TARGETS = {{1, 1, 2}, {}, {4, 3, 2, 1}, {2, 2, 2}};

  private static final int[] INPUT_LENGTHS = {9, 3, 4, 4};

  @AfterAll
  static void close() {
    CTC.close();
    REFERENCE.close();
  }

  /** What one call gives: the loss and the gradient in DJL's order of elements. */
  private record Outcome(float loss, float[] gradient) {}

  private static float[] random(long seed, int size) {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (2 * random.nextGaussian());
    }
    return values;
  }

  private static Shape shape(FrameLayout layout) {
    return layout == FrameLayout.TIME_MAJOR
        ? new Shape(FRAMES, TARGETS.length, CLASSES)
        : new Shape(TARGETS.length, FRAMES, CLASSES);
  }

  private static FrameTensor tensor(FrameLayout layout, float[] data) {
    return layout == FrameLayout.TIME_MAJOR
        ? FrameTensor.timeMajor(data, FRAMES, TARGETS.length, CLASSES)
        : FrameTensor.batchMajor(data, FRAMES, TARGETS.length, CLASSES);
  }

  private static NDArray array(NDManager manager, boolean longs, int... values) {
    return longs
        ? manager.create(Arrays.stream(values).asLongStream().toArray())
        : manager.create(values);
  }

  private static NDList concatenated(NDManager manager, boolean longs) {
    int[] labels = Arrays.stream(TARGETS).flatMapToInt(Arrays::stream).toArray();
    int[] lengths = Arrays.stream(TARGETS).mapToInt(target -> target.length).toArray();
    return new NDList(
        array(manager, longs, labels),
        array(manager, longs, lengths),
        array(manager, longs, INPUT_LENGTHS));
  }

  private static NDList padded(NDManager manager, boolean longs) {
    return padded(manager, longs, TARGETS);
  }

  /** To a width of 4. */
  private static NDList padded(NDManager manager, boolean longs, int[]... targets) {
    int[] labels = new int[TARGETS.length * 4];
    Arrays.fill(labels, -1);
    for (int n = 0; n < TARGETS.length; n++) {
      System.arraycopy(targets[n], 0, labels, 4 * n, targets[n].length);
    }
    int[] lengths = Arrays.stream(targets).mapToInt(target -> target.length).toArray();
    return new NDList(
        array(manager, longs, labels).reshape(TARGETS.length, 4),
        array(manager, longs, lengths),
        array(manager, longs, INPUT_LENGTHS));
  }

  /** Through a graph in which the logits are three times a parameter. */
  private static Outcome throughDjl(CtcLoss loss, NDList labels, NDArray logits, float factor) {
    logits.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray value = loss.evaluate(labels, new NDList(logits.mul(3)));
      collector.backward(factor == 1 ? value : value.mul(factor));
      float[] gradient = logits.getGradient().toType(DataType.FLOAT32, true).toFloatArray();
      return new Outcome(value.getFloat(), gradient);
    }
  }

  private static Outcome byReference(FrameLayout layout, CtcOptions options, float[] logits) {
    return byReference(layout, options, logits, Targets.of(TARGETS));
  }

  private static Outcome byReference(
      FrameLayout layout, CtcOptions options, float[] logits, Targets targets) {
    float[] data = logits.clone();
    for (int i = 0; i < data.length; i++) {
      data[i] *= 3;
    }
    float[] gradient = new float[data.length];
    CtcResult result = CtcResult.ofGradient(tensor(layout, gradient));
    REFERENCE.compute(CtcBatch.of(tensor(layout, data), targets, INPUT_LENGTHS), options, result);
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] *= 3;
    }
    return new Outcome((float) result.loss(), gradient);
  }

  private static void assertClose(Outcome expected, Outcome got, double tolerance) {
    if (Float.isInfinite(expected.loss)) {
      assertEquals(expected.loss, got.loss);
    } else {
      assertEquals(expected.loss, got.loss, tolerance * Math.abs(expected.loss));
    }
    double norm = 0;
    double difference = 0;
    for (int i = 0; i < expected.gradient.length; i++) {
      norm += Math.pow(expected.gradient[i], 2);
      difference += Math.pow(got.gradient[i] - expected.gradient[i], 2);
    }
    assertTrue(norm > 0);
    assertTrue(
        Math.sqrt(difference / norm) <= tolerance,
        () -> Arrays.toString(expected.gradient) + " expected, " + Arrays.toString(got.gradient));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("The gradient that reaches a parameter is the reference's, of every form of targets")
  void gradient(FrameLayout layout) {
    for (Reduction reduction : new Reduction[] {Reduction.MEAN, Reduction.SUM}) {
      for (boolean zeroInfinity : new boolean[] {true, false}) {
        CtcOptions options =
            CtcOptions.DEFAULT.withReduction(reduction).withZeroInfinity(zeroInfinity);
        CtcLoss loss = new CtcLoss(CTC, options, layout);
        float[] data = random(System.nanoTime(), FRAMES * TARGETS.length * CLASSES);
        Outcome expected = byReference(layout, options, data);
        for (boolean longs : new boolean[] {true, false}) {
          for (boolean isPadded : new boolean[] {true, false}) {
            try (NDManager manager = NDManager.newBaseManager()) {
              NDList labels = isPadded ? padded(manager, longs) : concatenated(manager, longs);
              NDArray logits = manager.create(data, shape(layout));
              assertClose(expected, throughDjl(loss, labels, logits, 1), 1e-6);
            }
          }
        }
      }
    }
  }

  @Test
  @DisplayName("Targets may hold wildcards beside padding; their penalties are those of each step")
  void wildcards() {
    int[][] targets = {
      {Wildcards.FRAMES, 1, Wildcards.LABELS, 2}, {}, {4, Wildcards.FRAMES}, {Wildcards.LABELS, 3},
    };
    CtcOptions options = CtcOptions.DEFAULT.withReduction(Reduction.MEAN);
    Wildcards[] now = new Wildcards[1];
    CtcLoss loss = new CtcLoss(CTC, options, FrameLayout.BATCH_MAJOR, () -> now[0]);
    float[] data = random(System.nanoTime(), FRAMES * TARGETS.length * CLASSES);
    for (Wildcards step : new Wildcards[] {new Wildcards(3, 2, 5), new Wildcards(0.5, 0, 1)}) {
      now[0] = step;
      Outcome expected =
          byReference(
              FrameLayout.BATCH_MAJOR, options, data, Targets.of(targets).withWildcards(step));
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray logits = manager.create(data, shape(FrameLayout.BATCH_MAJOR));
        assertClose(expected, throughDjl(loss, padded(manager, true, targets), logits, 1), 1e-5);
      }
    }
  }

  @Test
  @DisplayName("A loss that is scaled scales its gradient")
  void scaled() {
    CtcOptions options = CtcOptions.DEFAULT.withReduction(Reduction.SUM).withZeroInfinity(true);
    float[] data = random(System.nanoTime(), FRAMES * TARGETS.length * CLASSES);
    Outcome expected = byReference(FrameLayout.BATCH_MAJOR, options, data);
    for (int i = 0; i < expected.gradient.length; i++) {
      expected.gradient[i] *= 0.125f;
    }
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = manager.create(data, shape(FrameLayout.BATCH_MAJOR));
      CtcLoss loss = new CtcLoss(CTC, options, FrameLayout.BATCH_MAJOR);
      assertClose(expected, throughDjl(loss, concatenated(manager, true), logits, 0.125f), 1e-6);
    }
  }

  @Test
  @DisplayName("float16 predictions have a float16 gradient and a float32 loss")
  void float16() {
    CtcOptions options = CtcOptions.DEFAULT.withReduction(Reduction.SUM).withZeroInfinity(true);
    float[] data = random(System.nanoTime(), FRAMES * TARGETS.length * CLASSES);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray half =
          manager.create(data, shape(FrameLayout.TIME_MAJOR)).toType(DataType.FLOAT16, true);
      float[] rounded = half.mul(3).toType(DataType.FLOAT32, true).div(3).toFloatArray();
      CtcLoss loss = new CtcLoss(CTC, options, FrameLayout.TIME_MAJOR);
      Outcome got = throughDjl(loss, padded(manager, false), half, 1);
      assertEquals(DataType.FLOAT16, half.getGradient().getDataType());
      // each entry is rounded twice, to 11 bits
      assertClose(byReference(FrameLayout.TIME_MAJOR, options, rounded), got, 1e-3);
    }
  }

  @Test
  @DisplayName("A class that is ruled out by −Infinity neither spoils the loss nor gets a gradient")
  void ruledOut() {
    try (NDManager manager = NDManager.newBaseManager()) {
      float out = Float.NEGATIVE_INFINITY;
      NDArray logits = manager.create(new float[] {0, 1, out, 1, 0, out}, new Shape(1, 2, 3));
      logits.setRequiresGradient(true);
      NDList labels = new NDList(manager.create(new int[] {1}, new Shape(1, 1)));
      CtcLoss loss = new CtcLoss(CTC, FrameLayout.BATCH_MAJOR);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray value = loss.evaluate(labels, new NDList(logits));
        collector.backward(value);
        // all paths but "blank blank": its probability is p(blank)² with frames mirrored
        double p = 1 / (1 + Math.E);
        assertEquals(-Math.log(1 - p * (1 - p)), value.getFloat(), 1e-6);
        float[] gradient = logits.getGradient().toFloatArray();
        assertEquals(0, gradient[2]);
        assertEquals(0, gradient[5]);
        assertTrue(gradient[0] > 0);
      }
    }
  }

  @Test
  @DisplayName("What stands in frames that are not used matters to neither loss nor gradient")
  void unusedFrames() {
    float[] used = {0, 1, 2, 1, 0, 2};
    for (float x : new float[] {7, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      try (NDManager manager = NDManager.newBaseManager()) {
        float[] data = Arrays.copyOf(used, 9);
        Arrays.fill(data, 6, 9, x);
        NDArray logits = manager.create(data, new Shape(1, 3, 3));
        logits.setRequiresGradient(true);
        NDList labels = new NDList(manager.create(new int[] {1}, new Shape(1, 1)));
        labels.add(manager.create(new int[] {1}));
        labels.add(manager.create(new int[] {2}));
        CtcLoss loss = new CtcLoss(CTC, FrameLayout.BATCH_MAJOR);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          NDArray value = loss.evaluate(labels, new NDList(logits));
          collector.backward(value);
          // paths: 1 1, blank 1, 1 blank
          double sum = 1 + Math.E + Math.E * Math.E;
          double p = (Math.E * 1 + 1 + Math.E * Math.E) / (sum * sum);
          assertEquals(-Math.log(p), value.getFloat(), 1e-6, "filled with " + x);
          float[] gradient = logits.getGradient().toFloatArray();
          assertArrayEquals(new float[3], Arrays.copyOfRange(gradient, 6, 9));
          assertTrue(gradient[2] > 0);
        }
      }
    }
  }

  @Test
  @DisplayName("Predictions that are no contiguous array are read in their own order")
  void transposed() {
    float[] data = random(System.nanoTime(), FRAMES * TARGETS.length * CLASSES);
    CtcOptions options = CtcOptions.DEFAULT.withReduction(Reduction.SUM).withZeroInfinity(true);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = manager.create(data, shape(FrameLayout.BATCH_MAJOR));
      NDList labels = padded(manager, true);
      float direct =
          new CtcLoss(CTC, options, FrameLayout.BATCH_MAJOR)
              .evaluate(labels, new NDList(logits))
              .getFloat();
      float turned =
          new CtcLoss(CTC, options, FrameLayout.TIME_MAJOR)
              .evaluate(labels, new NDList(logits.transpose(1, 0, 2)))
              .getFloat();
      assertEquals(direct, turned);
    }
  }

  @Test
  @DisplayName(
      "What is added up is computed once, and without a gradient where nobody asked before")
  void addedUp() {
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger gradients = new AtomicInteger();
    CtcLoss loss =
        new CtcLoss(CTC, FrameLayout.BATCH_MAJOR) {
          @Override
          double compute(CtcBatch batch, CtcResult result) {
            calls.incrementAndGet();
            gradients.addAndGet(result.gradient() == null ? 0 : 1);
            return super.compute(batch, result);
          }
        };
    String[] keys = {"epoch", "progress"};
    for (String key : keys) {
      loss.addAccumulator(key);
      assertTrue(Float.isNaN(loss.getAccumulator(key)));
    }
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList trained = new NDList(manager.create(new float[] {0, 1, 1, 0}, new Shape(1, 2, 2)));
      NDList validated = new NDList(manager.create(new float[] {5, 1, 1, 0}, new Shape(1, 2, 2)));
      NDList labels = new NDList(manager.create(new long[] {1}, new Shape(1, 1)));
      float first = loss.evaluate(labels, trained).getFloat();
      loss.updateAccumulators(keys, labels, trained);
      assertEquals(first, loss.getAccumulator("epoch"));
      assertEquals(1, calls.get());
      loss.updateAccumulators(keys, labels, validated);
      assertEquals(2, calls.get());
      assertEquals(1, gradients.get());
      float second = loss.evaluate(labels, validated).getFloat();
      assertEquals((first + second) / 2, loss.getAccumulator("progress"), 1e-6);
      loss.resetAccumulator("progress");
      loss.updateAccumulator("progress", labels, trained);
      assertEquals(first, loss.getAccumulator("progress"));
    }
    assertThrows(IllegalArgumentException.class, () -> loss.getAccumulator("none"));
  }

  private static void refused(String message, CtcLoss loss, NDList labels, NDArray predictions) {
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class, () -> loss.evaluate(labels, new NDList(predictions)));
    assertEquals(message, e.getMessage());
  }

  @Test
  @DisplayName("What is wrong is refused with what was expected and what came")
  void refusals() {
    assertThrows(
        InvalidInputException.class,
        () -> new CtcLoss(CTC, CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR));
    CtcLoss loss = new CtcLoss(CTC, FrameLayout.BATCH_MAJOR);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = manager.zeros(new Shape(1, 3, 2));
      NDArray one = manager.create(new int[] {1});
      NDList labels = new NDList(one, one);
      refused(
          "predictions: expected (N, T, C), got the shape (3, 2)",
          loss,
          labels,
          manager.zeros(new Shape(3, 2)));
      refused(
          "predictions: expected float32, float64, float16 or bfloat16, got int32",
          loss,
          labels,
          manager.zeros(new Shape(1, 3, 2), DataType.INT32));
      refused(
          "labels: concatenated targets come with target lengths, got targets alone",
          loss,
          new NDList(one),
          logits);
      refused(
          "targets: expected int32 or int64, got float32",
          loss,
          new NDList(manager.create(new float[] {1}), one),
          logits);
      refused(
          "targets: expected an int at index 0, got 4294967297",
          loss,
          new NDList(manager.create(new long[] {(1L << 32) + 1}), one),
          logits);
      refused(
          "labels: expected targets, target lengths and input lengths, one to three arrays, got 0",
          loss,
          new NDList(),
          logits);
      for (int target : new int[] {2, Wildcards.FRAMES}) {
        NDArray targets = manager.create(new int[] {target});
        assertThrows(
            InvalidInputException.class,
            () -> loss.evaluate(new NDList(targets, one), new NDList(logits)));
      }
    }
  }

  @Test
  @DisplayName("The arrays of an evaluation go with it, but for its value")
  void nothingIsLeft() {
    CtcLoss loss = new CtcLoss(CTC, FrameLayout.BATCH_MAJOR);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = manager.zeros(new Shape(TARGETS.length, FRAMES, CLASSES));
      NDList labels = padded(manager, true);
      logits.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        int before = manager.getManagedArrays().size();
        NDArray value = loss.evaluate(labels, new NDList(logits));
        assertEquals(before + 1, manager.getManagedArrays().size());
        collector.backward(value);
        assertFalse(Float.isNaN(logits.getGradient().sum().getFloat()));
      }
    }
  }
}
