package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The symmetric divergence of two views, and the gradients of both. */
public abstract class ConsistencyContract {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final TestedBackend backend;
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private Ctc ctc;

  protected ConsistencyContract(TestedBackend backend) {
    this.backend = backend;
  }

  @BeforeEach
  void open() {
    ctc = backend.engine(EngineOptions.DEFAULT);
  }

  @AfterEach
  void close() {
    ctc.close();
  }

  private String where(String what) {
    return "%s (%s, replay with -Dctc4j.seed=%d)".formatted(what, ctc.device(), seed);
  }

  private FrameTensor drawn(ElementType type, int frames, int utterances, int classes) {
    FrameTensor tensor =
        FrameTensor.timeMajor(
            Elements.allocate(type, (long) frames * utterances * classes),
            frames,
            utterances,
            classes);
    for (long i = 0; i < tensor.elements().length(); i++) {
      tensor.elements().set(i, 2 * random.nextGaussian());
    }
    return tensor;
  }

  /** By its definition, of one frame: ½ (KL(q ‖ p) + KL(p ‖ q)). */
  private static double divergence(FrameTensor first, FrameTensor second, int t, int n) {
    return (kl(first, second, t, n) + kl(second, first, t, n)) / 2;
  }

  private static double kl(FrameTensor of, FrameTensor from, int t, int n) {
    double sum = 0;
    for (int c = 0; c < of.classes(); c++) {
      double p = softmax(of, t, n, c);
      sum += p == 0 ? 0 : p * Math.log(p / softmax(from, t, n, c));
    }
    return sum;
  }

  private static double softmax(FrameTensor logits, int t, int n, int c) {
    double sum = 0;
    for (int k = 0; k < logits.classes(); k++) {
      sum += Math.exp(logits.get(t, n, k) - logits.get(t, n, c));
    }
    return 1 / sum;
  }

  @Test
  @DisplayName("The loss is ½ Σ_t [KL(q ‖ p) + KL(p ‖ q)] over the used frames")
  void definition() {
    for (ElementType type : ElementType.values()) {
      FrameTensor first = drawn(type, 12, 4, 7);
      FrameTensor second = drawn(type, 12, 4, 7);
      int[] lengths = {12, 0, 5, 11};
      ConsistencyBatch batch = ConsistencyBatch.of(first, second, lengths).withWeights(1, 2, -3, 0);
      ConsistencyResult got = ctc.loss(batch);
      for (int n = 0; n < 4; n++) {
        double expected = 0;
        for (int t = 0; t < lengths[n]; t++) {
          expected += divergence(first, second, t, n);
        }
        assertEquals(CtcStatus.OK, got.status(n));
        assertEquals(expected, got.loss(n), backend.lossTolerance() * expected, where("loss"));
      }
      double reduced = got.loss(0) + 2 * got.loss(1) - 3 * got.loss(2);
      assertEquals(reduced, got.loss(), 1e-12 * Math.abs(reduced) + 1e-12, where("reduced"));
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Gradients are those of the reduced loss, the other view held still if STOPPED")
  void centralDifferences(ConsistencyGradient kind) {
    FrameTensor first = drawn(ElementType.FLOAT64, 6, 3, 5);
    FrameTensor second = drawn(ElementType.FLOAT64, 6, 3, 5);
    ConsistencyBatch batch =
        ConsistencyBatch.of(first, second, new int[] {6, 4, 5}).withWeights(1, -0.5, 2);
    ConsistencyResult got = ctc.lossAndGradient(batch, kind);
    for (int trial = 0; trial < 60; trial++) {
      int n = random.nextInt(3);
      int t = random.nextInt(batch.inputLength(n));
      int c = random.nextInt(5);
      String place = where("(t, n, c) = (%d, %d, %d)".formatted(t, n, c));
      double tolerance = 1e-8 + backend.gradientTolerance();
      assertEquals(
          batch.weight(n) * centralDifference(first, second, kind, t, n, c),
          got.firstGradient().get(t, n, c),
          tolerance,
          place);
      assertEquals(
          batch.weight(n) * centralDifference(second, first, kind, t, n, c),
          got.secondGradient().get(t, n, c),
          tolerance,
          place);
    }
  }

  /** By a logit of {@code view}. Stopped, KL(other ‖ view) / 2 is all that moves. */
  private static double centralDifference(
      FrameTensor view, FrameTensor other, ConsistencyGradient kind, int t, int n, int c) {
    double x = view.get(t, n, c);
    double step = 1e-5;
    double difference = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
      view.set(t, n, c, x + sign * step);
      double loss =
          kind == ConsistencyGradient.FULL
              ? divergence(view, other, t, n)
              : kl(other, view, t, n) / 2;
      difference += sign * loss / (2 * step);
    }
    view.set(t, n, c, x);
    return difference;
  }

  private void assertIsReference(ConsistencyBatch batch, ConsistencyGradient kind, String what) {
    ConsistencyResult expected;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      expected = reference.lossAndGradient(batch, kind);
    }
    FrameTensor first = batch.first();
    FrameTensor second = batch.second();
    ConsistencyResult got =
        ConsistencyResult.ofGradients(
            batch.utterances(),
            CtcContract.unwritten(first.zerosLike(first.elements().type())),
            CtcContract.unwritten(second.zerosLike(second.elements().type())));
    ctc.compute(batch, kind, got);
    ConsistencyResult lossOnly = ctc.loss(batch);
    for (int n = 0; n < batch.utterances(); n++) {
      assertEquals(expected.status(n), got.status(n), where(what));
      double loss = expected.loss(n);
      double tolerance = backend.lossTolerance() * Math.abs(loss) + 1e-13 * batch.inputLength(n);
      if (expected.status(n) == CtcStatus.OK) {
        assertEquals(loss, got.loss(n), tolerance, where(what));
      } else {
        assertEquals(loss, got.loss(n), where(what));
      }
      assertEquals(got.loss(n), lossOnly.loss(n), where(what));
    }
    int bytes = first.elements().type().bytes(); // the gradients are rounded to the logits' type
    double rounding = bytes == 2 ? 1e-2 : bytes == 4 ? 1e-6 : 0;
    double narrow = Math.max(rounding, backend.gradientTolerance());
    Agreement.assertGradient(
        expected.firstGradient()::get, got.firstGradient(), narrow, () -> where(what));
    Agreement.assertGradient(
        expected.secondGradient()::get, got.secondGradient(), narrow, () -> where(what));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Any batch is the reference's: of any type, ragged, with weights, large and small")
  void reference(ConsistencyGradient kind) {
    for (ElementType type : ElementType.values()) {
      int many = type.bytes() == 2 ? 60 : 700;
      for (int classes : new int[] {1, 2, 3, 8, 33, many}) {
        FrameTensor first = drawn(type, 9, 5, classes);
        FrameTensor second = drawn(type, 9, 5, classes);
        ConsistencyBatch batch =
            ConsistencyBatch.of(first, second, new int[] {9, 0, 3, 8, 1})
                .withWeights(1, 1, 0, -2.5, 1e-3);
        assertIsReference(batch, kind, type + ", C = " + classes);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Far logits, impossible classes, NaN: each utterance has its own, none is disturbed")
  void hostile(ConsistencyGradient kind) {
    for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
      FrameTensor first = drawn(type, 4, 9, 6);
      FrameTensor second = drawn(type, 4, 9, 6);
      first.set(1, 0, 2, Double.NaN);
      second.set(3, 1, 0, Double.POSITIVE_INFINITY);
      first.set(0, 2, 5, LOG_ZERO); // in one view alone
      first.set(0, 3, 5, LOG_ZERO); // in both
      second.set(0, 3, 5, LOG_ZERO);
      first.set(2, 4, 1, -1e30); // in one view alone
      second.set(2, 5, 1, -3000); // far, and possible
      first.set(1, 6, 0, 1e4); // certain, of different classes
      second.set(1, 6, 1, 1e4);
      for (int c = 0; c < 6; c++) {
        first.set(2, 7, c, LOG_ZERO); // no class is left
        second.set(2, 7, c, LOG_ZERO);
      }
      first.set(3, 8, 0, Double.NaN); // not used
      ConsistencyBatch batch =
          ConsistencyBatch.of(first, second, new int[] {4, 4, 4, 4, 4, 4, 4, 4, 3});
      assertIsReference(batch, kind, type.toString());
      ConsistencyResult got = ctc.loss(batch);
      CtcStatus[] expected = {
        CtcStatus.NOT_FINITE,
        CtcStatus.NOT_FINITE,
        CtcStatus.INFEASIBLE,
        CtcStatus.OK,
        CtcStatus.INFEASIBLE,
        CtcStatus.OK,
        CtcStatus.OK,
        CtcStatus.INFEASIBLE,
        CtcStatus.OK
      };
      for (int n = 0; n < 9; n++) {
        assertEquals(expected[n], got.status(n), where("utterance " + n));
      }
    }
  }

  @Test
  @DisplayName("Views that agree have loss 0 and gradient 0; a constant a frame is no difference")
  void alike() {
    FrameTensor first = drawn(ElementType.FLOAT32, 8, 2, 40);
    FrameTensor same = first.zerosLike(ElementType.FLOAT32);
    FrameTensor shifted = first.zerosLike(ElementType.FLOAT64);
    for (long i = 0; i < same.elements().length(); i++) {
      same.elements().set(i, first.elements().get(i));
      shifted.elements().set(i, first.elements().get(i) + i / 40);
    }
    for (ConsistencyGradient kind : ConsistencyGradient.values()) {
      ConsistencyResult got = ctc.lossAndGradient(ConsistencyBatch.of(first, same), kind);
      assertEquals(0, got.loss());
      for (long i = 0; i < same.elements().length(); i++) {
        assertTrue(got.firstGradient().elements().get(i) == 0); // or −0
        assertTrue(got.secondGradient().elements().get(i) == 0);
      }
    }
    assertEquals(0, ctc.loss(ConsistencyBatch.of(first, shifted)).loss(), 1e-12);
  }

  @Test
  @DisplayName("Views that all but agree keep the digits of their loss: ½ Σ p d² of differences d")
  void closeViews() {
    int frames = 5;
    FrameTensor first = drawn(ElementType.FLOAT64, frames, 1, 30);
    FrameTensor second = first.zerosLike(ElementType.FLOAT64);
    double step = 1e-5;
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < 30; c++) {
        second.set(t, 0, c, first.get(t, 0, c) + (c == 4 ? step : 0));
      }
    }
    double expected = 0; // its variance: of d by p, to first order
    for (int t = 0; t < frames; t++) {
      double p = softmax(first, t, 0, 4);
      expected += p * (1 - p) * step * step / 2;
    }
    double got = ctc.loss(ConsistencyBatch.of(first, second)).loss();
    assertTrue(Math.abs(got - expected) <= 1e-4 * expected, where(expected + ", got " + got));
  }

  @Test
  @DisplayName("The same bits with the views exchanged, on any number of threads")
  void sameBits() {
    FrameTensor first = drawn(ElementType.FLOAT32, 50, 3, 19);
    FrameTensor second = drawn(ElementType.FLOAT32, 50, 3, 19);
    ConsistencyGradient kind = ConsistencyGradient.FULL;
    ConsistencyResult one = ctc.lossAndGradient(ConsistencyBatch.of(first, second), kind);
    ConsistencyResult exchanged = ctc.lossAndGradient(ConsistencyBatch.of(second, first), kind);
    try (Ctc alone = backend.engine(EngineOptions.DEFAULT.withThreads(1))) {
      ConsistencyResult same = alone.lossAndGradient(ConsistencyBatch.of(first, second), kind);
      for (int n = 0; n < 3; n++) {
        assertEquals(one.loss(n), exchanged.loss(n), where("exchanged"));
        assertEquals(one.loss(n), same.loss(n), where("one thread"));
      }
      for (long i = 0; i < 50 * 3 * 19; i++) {
        double gradient = one.firstGradient().elements().get(i);
        assertEquals(gradient, exchanged.secondGradient().elements().get(i), where("exchanged"));
        assertEquals(gradient, same.firstGradient().elements().get(i), where("one thread"));
      }
    }
  }

  @Test
  @DisplayName("Any layout; one gradient without the other; no utterances")
  void layouts() {
    FrameTensor first = drawn(ElementType.FLOAT32, 7, 3, 5);
    FrameTensor second = drawn(ElementType.FLOAT32, 7, 3, 5);
    FrameTensor batchMajor = FrameTensor.batchMajor(new double[3 * 7 * 5], 7, 3, 5);
    FrameTensor gradient = FrameTensor.batchMajor(new float[3 * 7 * 5], 7, 3, 5);
    for (int n = 0; n < 3; n++) {
      for (int t = 0; t < 7; t++) {
        for (int c = 0; c < 5; c++) {
          batchMajor.set(t, n, c, second.get(t, n, c));
        }
      }
    }
    ConsistencyGradient kind = ConsistencyGradient.FULL;
    ConsistencyResult expected = ctc.lossAndGradient(ConsistencyBatch.of(first, second), kind);
    ConsistencyResult got = ConsistencyResult.ofGradients(3, null, gradient);
    ctc.compute(ConsistencyBatch.of(first, batchMajor), kind, got);
    Agreement.assertGradient(
        expected.secondGradient()::get, gradient, 1e-6, () -> where("batch major"));
    FrameTensor none = FrameTensor.timeMajor(new float[0], 7, 0, 5);
    assertEquals(0, ctc.lossAndGradient(ConsistencyBatch.of(none, none), kind).loss());
  }

  @Test
  @DisplayName("What does not fit together is refused, and told")
  void refused() {
    FrameTensor first = FrameTensor.timeMajor(new float[2 * 3 * 4], 2, 3, 4);
    FrameTensor other = FrameTensor.timeMajor(new float[2 * 3 * 5], 2, 3, 5);
    assertEquals(
        "second: expected the shape of first, (T, N, C) = (2, 3, 4), got (T, N, C) = (2, 3, 5)",
        assertThrows(InvalidInputException.class, () -> ConsistencyBatch.of(first, other))
            .getMessage());
    assertEquals(
        "input_lengths: utterance 1 has 3, expected a number of frames in [0, 2]",
        assertThrows(
                InvalidInputException.class,
                () -> ConsistencyBatch.of(first, first, new int[] {2, 3, 1}))
            .getMessage());
    assertEquals(
        "weights: utterance 2 has NaN, expected a finite number",
        assertThrows(
                InvalidInputException.class,
                () -> ConsistencyBatch.of(first, first).withWeights(1, 1, Double.NaN))
            .getMessage());
    ConsistencyBatch batch = ConsistencyBatch.of(first, first);
    assertEquals(
        "first gradient: it overlaps the first in memory",
        assertThrows(
                InvalidInputException.class,
                () ->
                    ctc.compute(
                        batch,
                        ConsistencyGradient.FULL,
                        ConsistencyResult.ofGradients(3, first, null)))
            .getMessage());
    assertEquals(
        "result: expected room for 3 utterances, got 2",
        assertThrows(
                InvalidInputException.class,
                () -> ctc.compute(batch, ConsistencyGradient.FULL, ConsistencyResult.ofLosses(2)))
            .getMessage());
  }
}
