package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case that PyTorch computed in float64, through {@code ctc loss}, on every usable backend.
 */
public class GoldenTest {
  @TempDir private Path folder;

  protected static Stream<Arguments> cases() throws Exception {
    try (InputStream in = GoldenTest.class.getResourceAsStream("/org/ctc4j/golden/cases.json")) {
      JsonNode cases = new ObjectMapper().readTree(in);
      List<Backend> backends =
          Ctc.backends().stream()
              .filter(BackendReport::usable)
              .map(BackendReport::backend)
              .toList();
      return StreamSupport.stream(cases.spliterator(), false)
          .flatMap(
              golden ->
                  backends.stream().map(b -> Arguments.of(golden.get("name").asText(), b, golden)))
          .toList()
          .stream();
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  protected void equalsPyTorch(String name, Backend backend, JsonNode golden) throws Exception {
    Path input = resource("golden/" + name + ".in.npz");
    Path gradient = folder.resolve("grad.npz");
    List<Object> args =
        new ArrayList<>(List.of("loss", input, "--backend", backend, "--grad", gradient, "--json"));
    args.addAll(List.of("--blank", golden.get("blank"), "--layout", golden.get("layout").asText()));
    args.addAll(List.of("--input", golden.get("input").asText(), "--grad-wrt", "logits"));
    if (golden.get("zero_infinity").asBoolean()) {
      args.add("--zero-infinity");
    }
    JsonNode json = Cli.run(args.toArray()).json();
    assertEquals(backend.toString(), json.get("backend").asText());

    boolean exact = backend == Backend.REFERENCE;
    try (NpzReader expected = NpzReader.open(resource("golden/" + name + ".ref.npz"));
        NpzReader got = NpzReader.open(gradient)) {
      double[] losses = expected.read("losses").doubles();
      for (int n = 0; n < losses.length; n++) {
        double loss = json.get("losses").get(n).asDouble();
        if (Double.isInfinite(losses[n])) {
          assertEquals("Infinity", json.get("losses").get(n).asText());
          assertEquals("INFEASIBLE", json.get("statuses").get(n).asText());
        } else {
          assertEquals(losses[n], loss, Math.abs(losses[n]) * (exact ? 1e-12 : 1e-6));
        }
      }
      assertEquals(losses.length, got.read("losses").size());
      assertArrayEquals(expected.header("grad").shape(), got.header("grad").shape());
      assertGradient(
          expected.read("grad").doubles(), values(got.read("grad")), exact ? 1e-10 : 1e-5);
    }
  }

  private static void assertGradient(double[] expected, double[] got, double tolerance) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      if (Double.isNaN(expected[i])) { // PyTorch's gradient of a target that cannot fit
        assertEquals(0.0, got[i]);
      } else {
        error += (got[i] - expected[i]) * (got[i] - expected[i]);
        norm += expected[i] * expected[i];
      }
    }
    assertTrue(
        Math.sqrt(error) <= tolerance * Math.sqrt(norm),
        "gradient error %.3g of norm %.3g".formatted(Math.sqrt(error), Math.sqrt(norm)));
  }

  private static double[] values(NpyArray array) throws Exception {
    if (array.header().dtype().equals("<f8")) {
      return array.doubles();
    }
    float[] floats = array.floats();
    double[] doubles = new double[floats.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  private Path resource(String name) throws Exception {
    try (InputStream in = GoldenTest.class.getResourceAsStream("/org/ctc4j/" + name)) {
      Path file = folder.resolve(name.substring(name.indexOf('/') + 1));
      Files.copy(in, file);
      return file;
    }
  }
}
