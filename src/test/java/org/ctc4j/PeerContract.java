package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses, gradients and refusals that the tests of other libraries state, on every backend. */
public abstract class PeerContract {
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private Ctc ctc;

  /** How many of a kind are drawn; fewer only where so many would take seconds. */
  protected int utterances() {
    return 200;
  }

  /** A new engine of the backend under test; fails if another would be picked. */
  protected abstract Ctc engine();

  /** Allowed error of a loss, relative, beside the digits that are stated. */
  protected abstract double lossRounding(ElementType input);

  /** Allowed error of a loss or a gradient of its size, in nats, beside that; 0 unless near 0. */
  protected double lossFloor(double loss) {
    return 0;
  }

  /** Allowed error of an element of a gradient, beside the digits that are stated. */
  protected abstract double gradientRounding(ElementType input);

  @BeforeEach
  void open() {
    ctc = engine();
  }

  @AfterEach
  void close() {
    ctc.close();
  }

  static List<PeerCase> losses() {
    return PeerCase.stating("losses");
  }

  static List<PeerCase> gradients() {
    return PeerCase.stating("gradient", "gradientStart", "blankGradient");
  }

  static List<PeerCase> reductions() {
    return PeerCase.stating("reductions");
  }

  static List<PeerCase> onlyPaths() {
    return PeerCase.stating("onlyPath");
  }

  static List<PeerCase> refusals() {
    return PeerCase.stating("refused");
  }

  private String where(PeerCase peer, ElementType type, int n) {
    return "%s, utterance %d, %s, on %s".formatted(peer.what(), n, type, ctc.device());
  }

  private static boolean isInfinite(JsonNode loss) {
    return loss.asText().equals("Infinity");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void losses(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      FrameTensor tensor = PeerCase.tensor(data, type);
      for (Targets targets : forms(data.targets())) {
        CtcBatch batch = CtcBatch.of(tensor, targets, data.inputLengths());
        assertLosses(peer, type, ctc.loss(batch, peer.options()));
        CtcResult withGradient = ctc.lossAndGradient(batch, peer.options());
        assertLosses(peer, type, withGradient);
        assertNoGradientWhereThereIsNone(peer, type, data, withGradient.gradient());
        CtcResult zeroed = ctc.lossAndGradient(batch, peer.options().withZeroInfinity(true));
        for (int n = 0; n < data.utterances(); n++) {
          double expected = isInfinite(peer.get("losses").get(n)) ? 0 : withGradient.loss(n);
          assertEquals(expected, zeroed.loss(n), where(peer, type, n) + ", zero infinity");
        }
        assertNoGradientWhereThereIsNone(peer, type, data, zeroed.gradient());
      }
    }
  }

  /** Rows, padded, concatenated. */
  private static List<Targets> forms(int[][] targets) {
    int[] lengths = Arrays.stream(targets).mapToInt(target -> target.length).toArray();
    int longest = Arrays.stream(lengths).max().orElseThrow();
    int[] padded =
        Arrays.stream(targets)
            .flatMapToInt(t -> Arrays.stream(Arrays.copyOf(t, longest)))
            .toArray();
    int[] concatenated = Arrays.stream(targets).flatMapToInt(Arrays::stream).toArray();
    return List.of(
        Targets.of(targets),
        Targets.padded(padded, longest, lengths),
        Targets.concatenated(concatenated, lengths));
  }

  private void assertLosses(PeerCase peer, ElementType type, CtcResult got) {
    for (int n = 0; n < got.utterances(); n++) {
      JsonNode stated = peer.get("losses").get(n);
      String where = where(peer, type, n);
      double expected = PeerCase.number(stated);
      double rounding = lossRounding(type) * expected + lossFloor(expected);
      double loss = got.loss(n);
      PeerCase.assertStated(stated, loss, rounding, where + ": loss");
      assertTrue(loss >= 0, () -> where + ": expected a loss of 0 or more, got " + loss);
      CtcStatus status = isInfinite(stated) ? CtcStatus.INFEASIBLE : CtcStatus.OK;
      assertEquals(status, got.status(n), where);
    }
  }

  private void assertNoGradientWhereThereIsNone(
      PeerCase peer, ElementType type, TestBatch data, FrameTensor gradient) {
    for (int n = 0; n < data.utterances(); n++) {
      boolean none = isInfinite(peer.get("losses").get(n));
      for (int t = none ? 0 : data.inputLengths()[n]; t < data.frames(); t++) {
        for (int c = 0; c < data.classes(); c++) {
          assertEquals(0, gradient.get(t, n, c), where(peer, type, n) + ", frame " + t);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("gradients")
  void gradients(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      FrameTensor got =
          ctc.lossAndGradient(data.batch(PeerCase.tensor(data, type)), peer.options()).gradient();
      JsonNode whole = peer.get("gradient");
      for (int n = 0; n < whole.size(); n++) {
        for (int t = 0; t < whole.get(n).size(); t++) {
          for (int c = 0; c < data.classes(); c++) {
            assertElement(peer, type, whole.get(n).get(t).get(c), got, t, n, c);
          }
        }
      }
      for (int c = 0; c < peer.get("gradientStart").size(); c++) {
        assertElement(peer, type, peer.get("gradientStart").get(c), got, 0, 0, c);
      }
      for (int n = 0; n < peer.get("blankGradient").size(); n++) {
        JsonNode stated = peer.get("blankGradient").get(n);
        double x = stated.doubleValue();
        double rounding = gradientRounding(type) * x + lossFloor(x);
        String where = where(peer, type, n) + ": gradient of the blank";
        PeerCase.assertStated(stated, got.get(0, n, data.blank()), rounding, where);
      }
      if (!peer.get("gradientNorm").isMissingNode()) {
        double norm = norm(got);
        double rounding = gradientRounding(type) * norm;
        String where = "%s, %s, on %s: norm".formatted(peer.what(), type, ctc.device());
        PeerCase.assertStated(peer.get("gradientNorm"), norm, rounding, where);
      }
    }
  }

  private void assertElement(
      PeerCase peer, ElementType type, JsonNode stated, FrameTensor got, int t, int n, int c) {
    String where = where(peer, type, n) + ": gradient of frame %d, class %d".formatted(t, c);
    double rounding = stated.isIntegralNumber() ? 0 : gradientRounding(type);
    PeerCase.assertStated(stated, got.get(t, n, c), rounding, where);
  }

  private static double norm(FrameTensor gradient) {
    double squares = 0;
    for (int n = 0; n < gradient.utterances(); n++) {
      for (int t = 0; t < gradient.frames(n); t++) {
        for (int c = 0; c < gradient.classes(); c++) {
          squares += gradient.get(t, n, c) * gradient.get(t, n, c);
        }
      }
    }
    return Math.sqrt(squares);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("reductions")
  void reductions(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      CtcBatch batch = data.batch(PeerCase.tensor(data, type));
      peer.get("reductions")
          .properties()
          .forEach(
              stated -> {
                Reduction reduction = Reduction.valueOf(stated.getKey());
                double got = ctc.loss(batch, peer.options().withReduction(reduction)).loss();
                String where =
                    "%s, %s, %s, on %s".formatted(peer.what(), reduction, type, ctc.device());
                double rounding = lossRounding(type) * PeerCase.number(stated.getValue());
                PeerCase.assertStated(stated.getValue(), got, rounding, where);
              });
    }
  }

  /**
   * Where one path alone collapses to the target, its states have posterior 1 and the gradient is
   * softmax − 1 at its symbols.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("onlyPaths")
  void onlyPath(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      CtcBatch batch = data.batch(PeerCase.tensor(data, type));
      FrameTensor posteriors = ctc.statePosteriors(batch, peer.options()).statePosteriors();
      FrameTensor gradient = ctc.lossAndGradient(batch, peer.options()).gradient();
      for (int n = 0; n < data.utterances(); n++) {
        int[] states = PeerCase.ints(peer.get("onlyPath").get(n));
        assertEquals(data.inputLengths()[n], states.length, where(peer, type, n));
        for (int t = 0; t < states.length; t++) {
          String where = where(peer, type, n) + ", frame " + t;
          for (int s = 0; s < posteriors.classes(); s++) {
            double expected = s == states[t] ? 1 : 0;
            double rounding = expected * gradientRounding(type);
            assertEquals(expected, posteriors.get(t, n, s), rounding, where + ", state " + s);
          }
          boolean blank = states[t] % 2 == 0;
          int symbol = blank ? data.blank() : data.targets()[n][states[t] / 2];
          double[] expected = data.logits()[n][t].clone();
          if (peer.options().input() == InputKind.LOGITS) {
            PeerCase.logSoftmax(expected);
          }
          for (int c = 0; c < data.classes(); c++) {
            double element = Math.exp(expected[c]) - (c == symbol ? 1 : 0);
            String of = where + ", class " + c;
            assertEquals(element, gradient.get(t, n, c), gradientRounding(type), of);
          }
        }
      }
    }
  }

  @Test
  @DisplayName("optax issue 1771: no loss of a softmax is below 0, however sure the model is")
  void neverBelowZero() {
    int utterances = utterances();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      for (int frames = 2; frames <= 5; frames++) {
        Elements elements = Elements.allocate(type, 2L * frames * utterances);
        FrameTensor logits = FrameTensor.timeMajor(elements, frames, utterances, 2);
        int[][] targets = new int[utterances][];
        for (int n = 0; n < utterances; n++) {
          targets[n] = frames < 3 ? new int[] {1} : new int[] {1, 1};
          for (int t = 0; t < frames; t++) {
            int symbol = frames >= 3 && t == frames / 2 ? 0 : 1;
            logits.set(t, n, symbol, 5 + 35 * random.nextDouble());
          }
        }
        CtcBatch batch = CtcBatch.of(logits, Targets.of(targets));
        CtcResult withGradient = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
        CtcResult lossOnly = ctc.loss(batch, CtcOptions.DEFAULT);
        for (int n = 0; n < utterances; n++) {
          double loss = Math.min(withGradient.loss(n), lossOnly.loss(n));
          String where =
              "%d frames, utterance %d, %s, on %s, -Dctc4j.seed=%d"
                  .formatted(frames, n, type, ctc.device(), seed);
          assertTrue(loss >= 0, () -> where + ": expected a loss of 0 or more, got " + loss);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void refusals(PeerCase peer) {
    assertRefusals(peer, ctc.device(), ctc::lossAndGradient);
  }

  /** What takes a batch. */
  interface Call {
    Object run(CtcBatch batch, CtcOptions options);
  }

  static void assertRefusals(PeerCase peer, String device, Call call) {
    TestBatch data = peer.batch();
    FrameTensor tensor = PeerCase.tensor(data, ElementType.FLOAT32);
    for (JsonNode refused : peer.get("refused")) {
      int[][] labels = PeerCase.labels(refused.get("targets"));
      int[] inputLengths =
          refused.has("inputLengths")
              ? PeerCase.ints(refused.get("inputLengths"))
              : data.inputLengths();
      int blank = refused.path("blank").asInt(data.blank());
      InvalidInputException refusal =
          assertThrows(
              InvalidInputException.class,
              () -> {
                Targets targets =
                    refused.has("targetLengths")
                        ? Targets.padded(
                            labels[0],
                            labels[0].length,
                            PeerCase.ints(refused.get("targetLengths")))
                        : Targets.of(labels);
                CtcBatch batch = CtcBatch.of(tensor, targets, inputLengths);
                call.run(batch, peer.options().withBlank(blank));
              },
              () -> "%s: %s, on %s".formatted(peer.what(), refused, device));
      assertEquals(refused.get("message").asText(), refusal.getMessage(), peer.what());
    }
  }
}
