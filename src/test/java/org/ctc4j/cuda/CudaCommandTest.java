package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
  @DisplayName("ctc decode: greedily, with a beam, with a model of tokens, as on the processors")
  void decode() throws Exception {
    Emulator.set("checking", 0);
    String letters =
        "-1 | -1 e -1.2 a -1.3 t -1.5 o -1.6 n".replaceAll("(\\S+) (\\S+) ?", "$1\t$2\n");
    String arpa = "\\data\\\nngram 1=6\n\n\\1-grams:\n" + letters + "\n\n\\end\\\n";
    Path model = Files.writeString(folder.resolve("letters.arpa"), arpa);
    Object[][] calls = {
      {"decode", "--json"},
      {"decode", "--json", "--beam", 4, "--top-classes", 5},
      {"decode", "--json", "--beam", 4, "--top-classes", 5, "--lm", model, "--lm-tokens"},
    };
    for (Object[] call : calls) {
      Object[] onDevice = Arrays.copyOf(call, call.length + 2);
      onDevice[call.length] = "--backend";
      onDevice[call.length + 1] = "cuda";
      JsonNode got = json(onDevice);
      assertEquals(texts(json(call)), texts(got), Arrays.toString(call));
    }
    assertTrue(Emulator.launches("ctc_greedy_path") > 0);
    assertTrue(Emulator.launches("ctc_beam_search") > 0);
    assertTrue(Emulator.launches("ctc_beam_search_tokens") > 0);
    Cli.run("decode", "--backend", "cuda", "--beam", 4, "--hot-word", "channel")
        .refused("--hot-word", "--backend cuda");
    Cli.run("decode", "--backend", "cuda", "--beam", 4, "--lm", model)
        .refused("--lm without --lm-tokens");
    Cli.run("decode", "--backend", "cuda", "--stream", "-").refused("--stream");
  }

  private static List<String> texts(JsonNode report) {
    return report.findValuesAsText("text");
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
