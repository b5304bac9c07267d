package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.cli.Cli;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line with {@code --backend cuda}, on the emulated driver. */
@Emulated
class CudaCommandTest {
  private static final double LOSS_TOLERANCE = 1e-6;

  @TempDir private Path folder;

  @AfterEach
  void nothingIsLeft() {
    assertEquals("", Emulator.leaks(), "what the command did not give back");
    assertEquals("", Emulator.finding());
  }

  private static JsonNode json(Object... args) throws Exception {
    return Cli.run(args).json();
  }

  @Test
  @DisplayName("ctc loss: the sample's losses and gradient, computed by the device")
  void loss() throws Exception {
    Path gradient = folder.resolve("gradient.npz");
    JsonNode got = json("loss", "--backend", "cuda", "--json", "--grad", gradient);
    assertTrue(Emulator.launches("ctc_labels") > 0);
    assertEquals("cuda", got.get("backend").asText());
    assertTrue(got.get("device").asText().startsWith("Emulated GPU 0"), got::toString);
    JsonNode expected = json("loss", "--backend", "reference", "--json");
    for (int n = 0; n < expected.get("losses").size(); n++) {
      double loss = expected.get("losses").get(n).asDouble();
      assertEquals(loss, got.get("losses").get(n).asDouble(), LOSS_TOLERANCE * loss);
      assertEquals("OK", got.get("statuses").get(n).asText());
    }
    double reduced = expected.get("loss").asDouble();
    assertEquals(reduced, got.get("loss").asDouble(), LOSS_TOLERANCE * reduced);
    try (NpzReader npz = NpzReader.open(gradient)) {
      assertEquals(List.of("grad", "losses"), npz.names());
      double sum = 0;
      for (float g : npz.read("grad").floats()) {
        sum += g * g;
      }
      assertTrue(sum > 0 && Double.isFinite(sum));
    }
  }

  @Test
  @DisplayName("ctc loss --backend auto: labels that may be left out go to the device, too")
  void wildcards() throws Exception {
    JsonNode got = json("loss", "--skip-cost", "2", "--backend", "auto", "--json");
    assertEquals("cuda", got.get("backend").asText());
    assertTrue(Emulator.launches("ctc_wildcards_lattice") > 0);
    JsonNode expected = json("loss", "--skip-cost", "2", "--backend", "reference", "--json");
    for (int n = 0; n < expected.get("losses").size(); n++) {
      double loss = expected.get("losses").get(n).asDouble();
      assertEquals(loss, got.get("losses").get(n).asDouble(), LOSS_TOLERANCE * loss);
    }
  }

  @Test
  @DisplayName("ctc compare: the device agrees with the reference; beyond the tolerance exit 1")
  void compare() throws Exception {
    JsonNode got = json("compare", "--backend", "cuda", "--json");
    assertTrue(got.get("passed").asBoolean());
    assertTrue(got.toString().contains("cuda"), got::toString);
    assertTrue(Emulator.launches("") > 0);
    assertEquals(1, Cli.run("compare", "--backend", "cuda", "--tolerance", "0").exitCode());
  }

  @Test
  @DisplayName("ctc bench: a row for loss and one for gradient")
  void bench() throws Exception {
    JsonNode got = json("bench", "--shape", "12x2x7x3", "--backend", "cuda", "--json");
    assertEquals(2, got.get("results").size());
    for (JsonNode row : got.get("results")) {
      assertEquals("cuda", row.get("backend").asText());
      assertTrue(row.get("milliseconds").asDouble() > 0);
    }
    assertTrue(Emulator.launches("ctc_small_loss") > 0);
  }

  @Test
  @DisplayName("ctc devices: every device, or the reason why none is usable")
  void devices() {
    Emulator.set("devices", 2);
    String two = Cli.run("devices").succeeded().out();
    assertTrue(two.contains("cuda:0") && two.contains("cuda:1"), two);
    assertTrue(two.contains("Emulated GPU 1"), two);
    Emulator.reset();
    Emulator.set("devices", 0);
    String none = Cli.run("devices").succeeded().out();
    assertTrue(none.contains("cuda       not usable: "), none);
  }

  @Test
  @DisplayName("No usable device: exit 3 and one line that says why")
  void unusable() {
    Emulator.set("devices", 0);
    for (String command : new String[] {"loss", "compare", "bench"}) {
      Cli got = Cli.run(command, "--backend", "cuda");
      assertEquals(3, got.exitCode(), command);
      assertEquals("", got.out());
      assertEquals(1, got.err().lines().count(), got.err());
      assertTrue(got.err().contains("cuda"), got.err());
    }
  }

  @Test
  @DisplayName("A device that fails while it computes: exit 3, the call and its error told")
  void deviceLost() {
    Emulator.fail("kernel", 1, 719, true);
    Cli got = Cli.run("loss", "--backend", "cuda");
    assertEquals(3, got.exitCode(), got.err());
    assertEquals("", got.out());
    assertTrue(got.err().contains("CUDA_ERROR_LAUNCH_FAILED"), got.err());
    Emulator.reset();
  }
}
