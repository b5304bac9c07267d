package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What every backend owes its users, one theme a subclass: {@link LossContract}, {@link
 * SmallLossContract}, {@link GradientContract}, {@link PosteriorContract}, {@link InputContract},
 * {@link StatusContract}, {@link SameBitsContract}, {@link EngineContract}. Each test is named
 * after the sentence that it holds the backend to. The tests of a backend name that and nothing
 * else.
 */
public abstract class CtcContract {
  final TestedBackend backend;
  final long seed = Seed.of(getClass());
  final Random random = new Random(seed);
  Ctc ctc;

  CtcContract(TestedBackend backend) {
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

  String where(String what) {
    return "%s (%s, replay with -Dctc4j.seed=%d)".formatted(what, ctc.device(), seed);
  }

  void assertMatchesReference(CtcBatch batch, CtcOptions options, String what) {
    CtcResult got = ctc.lossAndGradient(batch, options);
    assertMatches(reference(batch, options), got, what);
    CtcResult lossOnly = ctc.loss(batch, options);
    for (int n = 0; n < batch.utterances(); n++) {
      String utterance = where(what + ", loss only, utterance " + n);
      Agreement.assertLoss(got.loss(n), lossOnly.loss(n), backend.lossTolerance(), () -> utterance);
      assertEquals(got.status(n), lossOnly.status(n), utterance);
    }
  }

  void assertMatches(CtcResult expected, CtcResult got, String what) {
    for (int n = 0; n < got.utterances(); n++) {
      String utterance = where(what + ", utterance " + n);
      Agreement.assertLoss(expected.loss(n), got.loss(n), backend.lossTolerance(), () -> utterance);
      assertEquals(expected.status(n), got.status(n), utterance);
    }
    double size = 1e-3; // losses of log-probabilities that are not normalised can cancel in the sum
    for (double loss : expected.losses()) {
      size += Double.isFinite(loss) ? Math.abs(loss) : 0;
    }
    assertEquals(expected.loss(), got.loss(), backend.lossTolerance() * size, where(what));
    Agreement.assertGradient(
        expected.gradient()::get, got.gradient(), backend.gradientTolerance(), () -> where(what));
  }

  static CtcResult reference(CtcBatch batch, CtcOptions options) {
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      return reference.lossAndGradient(batch, options);
    }
  }

  /** Probabilities of a tensor of logits, in a new one of a type. */
  static FrameTensor softmax(FrameTensor logits, ElementType type) {
    FrameTensor probabilities = logits.zerosLike(type);
    for (int n = 0; n < logits.utterances(); n++) {
      for (int t = 0; t < logits.frames(n); t++) {
        double sum = 0;
        for (int c = 0; c < logits.classes(); c++) {
          sum += Math.exp(logits.get(t, n, c));
        }
        for (int c = 0; c < logits.classes(); c++) {
          probabilities.set(t, n, c, Math.exp(logits.get(t, n, c)) / sum);
        }
      }
    }
    return probabilities;
  }

  /** Their natural logarithms, in float64. */
  static FrameTensor logarithms(FrameTensor probabilities) {
    FrameTensor logProbs = probabilities.zerosLike(ElementType.FLOAT64);
    for (int n = 0; n < logProbs.utterances(); n++) {
      for (int t = 0; t < logProbs.frames(n); t++) {
        for (int c = 0; c < logProbs.classes(); c++) {
          logProbs.set(t, n, c, Math.log(probabilities.get(t, n, c)));
        }
      }
    }
    return logProbs;
  }

  /** NaN in every place, which whatever is written takes away. */
  static FrameTensor unwritten(FrameTensor tensor) {
    for (long i = 0; i < tensor.elements().length(); i++) {
      tensor.elements().set(i, Double.NaN);
    }
    return tensor;
  }

  /**
   * Utterances of few enough paths to list, drawn three at a time, in batches of 3 to hundreds: a
   * call for every three would take the emulated driver most of a minute.
   */
  List<TestBatch> tinyBatches(int draws) {
    Map<List<Integer>, List<TestBatch>> alike = new HashMap<>();
    List<TestBatch> batches = new ArrayList<>();
    for (int i = 0; i < draws; i++) {
      int classes = 1 + random.nextInt(4);
      int frames = random.nextInt(classes > 2 ? 7 : 9);
      TestBatch drawn =
          TestBatch.random(random, frames, 3, classes, 3, 0.1 + 3 * random.nextDouble());
      List<TestBatch> waiting =
          alike.computeIfAbsent(List.of(classes, drawn.blank()), key -> new ArrayList<>());
      waiting.add(drawn);
      if (random.nextInt(32) == 0) {
        batches.add(TestBatch.together(waiting));
        waiting.clear();
      }
    }
    alike.values().stream()
        .filter(waiting -> !waiting.isEmpty())
        .forEach(waiting -> batches.add(TestBatch.together(waiting)));
    return batches;
  }
}
