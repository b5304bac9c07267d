package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A case of another CTC library's tests or bug reports, from peers/cases.json, with what it states.
 *
 * <p>Numbers have those digits of the source's that are right, or, where the source states a rule
 * and no number, 15 digits; the tolerance is half a unit of the last digit, beside the rounding
 * that a backend is allowed. Whole numbers and infinities are exact. peers/recompute.py computes
 * them all without ctc4j.
 */
public final class PeerCase {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final JsonNode json;

  private PeerCase(JsonNode json) {
    this.json = json;
  }

  /** Those that state one of these. */
  static List<PeerCase> stating(String... names) {
    try (InputStream in = PeerCase.class.getResourceAsStream("/org/ctc4j/peers/cases.json")) {
      List<PeerCase> cases =
          StreamSupport.stream(JSON.readTree(in).spliterator(), false)
              .map(PeerCase::new)
              .filter(peer -> Arrays.stream(names).anyMatch(peer.json::has))
              .toList();
      assertTrue(!cases.isEmpty(), () -> "no case states " + Arrays.toString(names));
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode get(String name) {
    return json.path(name);
  }

  /** For messages: the case and who says so. */
  String what() {
    return "%s (%s)".formatted(json.get("name").asText(), json.get("source").asText());
  }

  @Override
  public String toString() {
    return json.get("name").asText();
  }

  CtcOptions options() {
    InputKind input =
        switch (json.path("input").asText("logits")) {
          case "logits" -> InputKind.LOGITS;
          case "scores" -> InputKind.SCORES;
          default -> InputKind.LOG_PROBS; // log_softmax: computed here
        };
    return CtcOptions.DEFAULT
        .withBlank(json.get("blank").intValue())
        .withInput(input)
        .withGradientKind(GradientKind.LOGITS);
  }

  /** In plain arrays; without targets where the case has none. */
  TestBatch batch() {
    double[][][] numbers = numbers();
    int[][] targets = targets(numbers[0][0].length, numbers.length);
    if (numbers.length < targets.length) { // given once, for all targets
      double[][] only = numbers[0];
      numbers = new double[targets.length][][];
      for (int n = 0; n < numbers.length; n++) {
        int first = json.path("firstFrames").path(n).intValue();
        numbers[n] = Arrays.copyOfRange(only, first, first + only.length);
        Arrays.fill(numbers[n], only.length - first, only.length, only[0]);
      }
    }
    int[] lengths = new int[numbers.length];
    Arrays.fill(lengths, numbers[0].length);
    if (json.has("inputLengths")) {
      lengths = ints(json.get("inputLengths"));
    }
    return new TestBatch(
        padded(numbers), targets, lengths, numbers[0][0].length, json.get("blank").intValue());
  }

  /** What the source gives its library, by utterance, frame and class. */
  private double[][][] numbers() {
    double[][][] numbers;
    if (json.has("sine")) {
      numbers = sine(json.get("sine"));
    } else if (json.has("certain")) {
      numbers = certain(json.get("certain"), json.get("classes").intValue());
    } else if (json.has("probabilities")) {
      double clip = json.path("clip").doubleValue();
      numbers = doubles(json.get("probabilities"));
      rows(numbers).forEach(row -> Arrays.setAll(row, c -> Math.log(Math.max(clip, row[c]))));
    } else {
      numbers = doubles(json.get("logits"));
    }
    if (json.path("input").asText().equals("log_softmax")) {
      rows(numbers).forEach(PeerCase::logSoftmax);
    }
    return numbers;
  }

  private static Stream<double[]> rows(double[][][] numbers) {
    return Arrays.stream(numbers).flatMap(Arrays::stream);
  }

  /** Of one frame, in place. */
  static void logSoftmax(double[] row) {
    double max = Arrays.stream(row).max().orElseThrow();
    double logSum = max + Math.log(Arrays.stream(row).map(x -> Math.exp(x - max)).sum());
    Arrays.setAll(row, c -> row[c] - logSum);
  }

  private static double[][][] sine(JsonNode rule) {
    int classes = rule.get("classes").intValue();
    double[][][] numbers =
        new double[rule.get("utterances").intValue()][rule.get("frames").intValue()][classes];
    for (int n = 0; n < numbers.length; n++) {
      for (int t = 0; t < numbers[n].length; t++) {
        for (int c = 0; c < classes; c++) {
          int sum = rule.get("t").intValue() * t + rule.get("n").intValue() * n;
          numbers[n][t][c] =
              Math.sin((sum + rule.get("c").intValue() * c) * rule.get("scale").doubleValue());
        }
      }
    }
    return numbers;
  }

  /** Log-probabilities that leave one path alone. */
  private static double[][][] certain(JsonNode paths, int classes) {
    double[][][] numbers = new double[paths.size()][paths.get(0).size()][classes];
    for (int n = 0; n < numbers.length; n++) {
      for (int t = 0; t < numbers[n].length; t++) {
        Arrays.fill(numbers[n][t], Double.NEGATIVE_INFINITY);
        numbers[n][t][paths.get(n).get(t).intValue()] = 0;
      }
    }
    return numbers;
  }

  private int[][] targets(int classes, int utterances) {
    JsonNode given = get("targets");
    if (given.isMissingNode()) {
      return new int[utterances][0];
    }
    if (given.isArray()) {
      return labels(given);
    }
    int blank = json.get("blank").intValue();
    int step = given.get("step").intValue();
    int[] lengths = ints(given.get("lengths"));
    int[][] targets = new int[lengths.length][];
    for (int n = 0; n < targets.length; n++) {
      int shift = n;
      targets[n] = new int[lengths[n]];
      Arrays.setAll(targets[n], i -> (blank + 1 + (i * step + shift) % (classes - 1)) % classes);
    }
    return targets;
  }

  /** All utterances as long as the longest; what is added is never read. */
  private static double[][][] padded(double[][][] numbers) {
    int frames = Arrays.stream(numbers).mapToInt(rows -> rows.length).max().orElseThrow();
    for (int n = 0; n < numbers.length; n++) {
      int had = numbers[n].length;
      numbers[n] = Arrays.copyOf(numbers[n], frames);
      Arrays.fill(numbers[n], had, frames, numbers[n][0]);
    }
    return numbers;
  }

  static FrameTensor tensor(TestBatch batch, ElementType type) {
    int frames = batch.frames();
    int utterances = batch.utterances();
    int classes = batch.classes();
    Elements elements = Elements.allocate(type, (long) frames * utterances * classes);
    return batch.fill(FrameTensor.timeMajor(elements, frames, utterances, classes));
  }

  /** −Infinity, Infinity and NaN are written as strings. */
  static double number(JsonNode node) {
    return node.isTextual() ? Double.parseDouble(node.textValue()) : node.doubleValue();
  }

  private static double[][][] doubles(JsonNode node) {
    double[][][] numbers = new double[node.size()][][];
    for (int n = 0; n < numbers.length; n++) {
      numbers[n] = new double[node.get(n).size()][];
      for (int t = 0; t < numbers[n].length; t++) {
        JsonNode row = node.get(n).get(t);
        numbers[n][t] = new double[row.size()];
        Arrays.setAll(numbers[n][t], c -> number(row.get(c)));
      }
    }
    return numbers;
  }

  static int[] ints(JsonNode node) {
    int[] ints = new int[node.size()];
    Arrays.setAll(ints, i -> node.get(i).intValue());
    return ints;
  }

  static int[][] labels(JsonNode node) {
    int[][] labels = new int[node.size()][];
    Arrays.setAll(labels, n -> ints(node.get(n)));
    return labels;
  }

  /** (label, first frame, frame after the last) of each. */
  static List<List<Integer>> spans(CtcPath path) {
    List<List<Integer>> spans = new ArrayList<>();
    path.spans().forEach(span -> spans.add(List.of(span.label(), span.start(), span.end())));
    return spans;
  }

  static List<List<Integer>> spans(JsonNode node) {
    return Arrays.stream(labels(node)).map(s -> List.of(s[0], s[1], s[2])).toList();
  }

  /**
   * Fails unless {@code got} is the stated number.
   *
   * @param rounding what is allowed beside half a unit of the last stated digit
   */
  static void assertStated(JsonNode stated, double got, double rounding, String what) {
    double expected = number(stated);
    double digits = stated.isBigDecimal() ? 0.5 * Math.pow(10, -stated.decimalValue().scale()) : 0;
    boolean same =
        Double.isFinite(expected)
            ? Math.abs(got - expected) <= digits + rounding
            : Double.compare(expected, got) == 0;
    assertTrue(same, () -> "%s: expected %s, got %s".formatted(what, stated.asText(), got));
  }
}
