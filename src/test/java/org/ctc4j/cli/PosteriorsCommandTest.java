package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PosteriorsCommandTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @DisplayName("Posteriors are the shares of paths, softmax less the gradient, on every backend")
  @ValueSource(strings = {"cpu", "reference"})
  void posteriors(String backend) throws Exception {
    Path file = NpzFile.valid().write(folder.resolve("batch.npz"));
    Path out = folder.resolve("posteriors.npz");
    Path grad = folder.resolve("grad.npz");
    JsonNode json =
        Cli.run("posteriors", file, "--out", out, "--backend", backend, "--json").json();
    Cli loss = Cli.run("loss", file, "--grad", grad, "--backend", "reference", "--json");
    try (NpzReader got = NpzReader.open(out);
        NpzReader gradient = NpzReader.open(grad)) {
      assertEquals(List.of("posteriors", "losses"), got.names());
      boolean isWide = backend.equals("reference");
      assertEquals(isWide ? "<f8 (6, 2, 4)" : "<f4 (6, 2, 4)", got.header("posteriors").toString());
      double[] expected = gradient.read("grad").doubles();
      for (int t = 0; t < 6; t++) {
        for (int n = 0; n < 2; n++) {
          double sum = 0;
          for (int c = 0; c < 4; c++) {
            sum += Math.exp(logit(t, n, c));
          }
          for (int c = 0; c < 4; c++) {
            int at = 8 * t + 4 * n + c;
            double p =
                isWide ? got.read("posteriors").doubles()[at] : got.read("posteriors").floats()[at];
            boolean isUsed = t < (n == 0 ? 6 : 5);
            double softmax = Math.exp(logit(t, n, c)) / sum;
            assertEquals(isUsed ? softmax - expected[at] : 0, p, 1e-6);
          }
        }
      }
      for (int n = 0; n < 2; n++) {
        double nats = loss.json().get("losses").get(n).asDouble();
        assertEquals(nats, got.read("losses").doubles()[n], 1e-6 * nats);
        assertEquals(nats, json.get("losses").get(n).asDouble(), 1e-6 * nats);
      }
    }
  }

  /** What NpzFile.valid() holds. */
  private static float logit(int t, int n, int c) {
    return (float) Math.sin(3 * (8 * t + 4 * n + c) + 1);
  }

  @Test
  @DisplayName("Of one (T, C) array they have its shape")
  void oneUtterance() throws Exception {
    Path file =
        new NpzFile()
            .floats("logits", "(3, 2)", 1, 2, 3, 4, 5, 6)
            .ints("targets", "(1, 1)", 1)
            .write(folder.resolve("one.npz"));
    Path out = folder.resolve("out.npz");
    Cli.run("posteriors", file, "--out", out).succeeded();
    try (NpzReader npz = NpzReader.open(out)) {
      assertEquals("<f4 (3, 2)", npz.header("posteriors").toString());
    }
  }

  @Test
  @DisplayName("What cannot be computed leaves no file")
  void refused() throws Exception {
    Path out = folder.resolve("out.npz");
    Path bad = NpzFile.valid().without("targets").write(folder.resolve("bad.npz"));
    Cli.run("posteriors", bad, "--out", out).refused("no array 'targets'");
    Cli missing = Cli.run("posteriors", bad);
    assertEquals(2, missing.exitCode());
    assertEquals(true, missing.err().contains("--out"), missing.err());
    assertFalse(Files.exists(out));
  }
}
