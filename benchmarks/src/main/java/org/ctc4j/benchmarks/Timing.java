package org.ctc4j.benchmarks;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.bench.Shape;

/**
 * One measured time, with the field names of {@code ctc bench --json}.
 *
 * @param shape its name
 * @param frames T
 * @param utterances N
 * @param classes C
 * @param labels L
 * @param logits "flat" or "peaked"
 * @param implementation an implementation or a peer, as JMH was given it
 * @param threads how many
 * @param mode "loss", or "gradient" for loss and gradient
 * @param milliseconds median
 * @param fastestMilliseconds of all calls measured
 */
record Timing(
    String shape,
    @JsonProperty("T") int frames,
    @JsonProperty("N") int utterances,
    @JsonProperty("C") int classes,
    @JsonProperty("L") int labels,
    String logits,
    String implementation,
    int threads,
    String mode,
    double milliseconds,
    double fastestMilliseconds) {

  /** What is computed, and by how many threads. */
  String inputs() {
    return shape + "/" + logits + "/" + threads;
  }

  /** Reads what JMH has written with {@code -rf json}. */
  static List<Timing> read(Path jmh) throws IOException {
    List<Timing> timings = new ArrayList<>();
    for (JsonNode result : new ObjectMapper().readTree(jmh.toFile())) {
      timings.add(of(result));
    }
    return timings;
  }

  private static String implementation(JsonNode params) {
    if (params.has("memory")) {
      return "cuda-" + params.path("memory").asText();
    }
    return params.path(params.has("peer") ? "peer" : "implementation").asText();
  }

  private static Timing of(JsonNode result) {
    JsonNode params = result.path("params");
    JsonNode metric = result.path("primaryMetric");
    if (!metric.path("scoreUnit").asText().equals("ms/op")) {
      throw new IllegalArgumentException(
          "expected times in ms/op, got " + metric.path("scoreUnit").asText());
    }
    Shape shape = Shape.of(params.path("shape").asText());
    String benchmark = result.path("benchmark").asText();
    return new Timing(
        shape.name(),
        shape.frames(),
        shape.utterances(),
        shape.classes(),
        shape.labels(),
        params.path("logits").asText(),
        implementation(params),
        SuiteState.threads(params.path("threads").asText()),
        benchmark.substring(benchmark.lastIndexOf('.') + 1),
        metric.path("scorePercentiles").path("50.0").asDouble(),
        metric.path("scorePercentiles").path("0.0").asDouble());
  }
}
