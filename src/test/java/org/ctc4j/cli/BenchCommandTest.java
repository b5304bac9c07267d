package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is printed and drawn, never how fast. */
class BenchCommandTest {
  @TempDir private Path folder;

  @Test
  void jsonHasTheFieldsOfTheContractAndThePlotIsAPicture() throws Exception {
    Path plot = folder.resolve("plot.png");
    JsonNode json =
        Cli.run(
                "bench",
                "--shape",
                "20x3x7x4",
                "--shape",
                "10x1x5x2",
                "--backend",
                "reference",
                "--threads",
                "1",
                "--json",
                "--plot",
                plot)
            .json();
    assertTrue(json.has("machine"));
    assertEquals(4, json.get("results").size());
    JsonNode first = json.get("results").get(0);
    Set<String> expected =
        Set.of("shape", "T", "N", "C", "L", "backend", "threads", "mode", "milliseconds");
    List<String> names = new ArrayList<>();
    first.fieldNames().forEachRemaining(names::add);
    assertTrue(names.containsAll(expected), names.toString());
    assertEquals("20x3x7x4", first.get("shape").asText());
    assertEquals(20, first.get("T").asInt());
    assertEquals(4, first.get("L").asInt());
    assertEquals("loss", first.get("mode").asText());
    assertEquals("gradient", json.get("results").get(1).get("mode").asText());
    assertTrue(first.get("milliseconds").asDouble() > 0);
    assertEquals(1280, ImageIO.read(plot.toFile()).getWidth());
  }

  @Test
  void tableOfOneModeOnTheFastestBackend() {
    String table = Cli.run("bench", "--shape", "10x2x5x2", "--mode", "loss").succeeded().out();
    assertTrue(table.contains("copying memory") && table.contains("10x2x5x2"), table);
    assertFalse(table.contains("gradient"), table);
  }

  @Test
  void refusals() {
    Cli.run("bench", "--shape", "10x2x5").refused("shape: expected TxNxCxL");
    Cli.run("bench", "--shape", "10x2x5x11").refused("do not fit");
    Cli.run("bench", "--shape", "100000x1000x1000x10")
        .refused("expected at most 2147483639 logits");
    Cli.run("bench", "--shape", "2147483647x2147483647x2147483647x1").refused("logits");
    Cli.run("bench", "--plot", folder.resolve("none").resolve("p.png"))
        .refused("there is no folder");
    Cli.run("bench", "--threads", "0").refused("threads");
    assertEquals(2, Cli.run("bench", "--mode", "x").exitCode());
    assertFalse(Files.exists(folder.resolve("none")));
  }
}
