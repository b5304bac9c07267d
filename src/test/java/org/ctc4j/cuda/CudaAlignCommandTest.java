package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import org.ctc4j.cli.Cli;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ctc align --backend}, in this JVM, on the emulated driver. */
@Emulated
class CudaAlignCommandTest {
  private static final String KERNEL = "ctc_align_path_f32";

  @AfterEach
  void nothingIsLeft() {
    assertEquals("", Emulator.finding());
    assertEquals("", Emulator.leaks());
  }

  private static JsonNode utterances(String backend) throws Exception {
    return Cli.run("align", "--json", "--backend", backend).json().get("utterances");
  }

  @Test
  @DisplayName("The sample on the GPU, the host and wherever it is fastest: the same paths")
  void sample() throws Exception {
    JsonNode host = utterances("cpu");
    assertEquals(0, Emulator.launches(KERNEL));
    JsonNode cuda = utterances("cuda");
    assertTrue(Emulator.launches(KERNEL) > 0, "the kernel did not run");
    assertSame(host, cuda);
    Emulator.resetCounts();
    assertSame(host, Cli.run("align", "--json").json().get("utterances"));
    assertTrue(Emulator.launches(KERNEL) > 0, "'auto' left the GPU aside");
  }

  @Test
  @DisplayName("A star: the same paths on the GPU, the host and wherever it is fastest")
  void star(@TempDir Path folder) throws Exception {
    Path texts = folder.resolve("texts.txt");
    Files.write(texts, Collections.nCopies(8, "* a *"));
    Object[] star = {"align", "--json", "--transcripts", texts, "--star", "*", "--backend"};
    JsonNode host = Cli.run(and(star, "cpu")).json().get("utterances");
    assertEquals(0, Emulator.launches("ctc_align_wildcard_path"));
    for (String backend : new String[] {"cuda", "auto"}) {
      Emulator.resetCounts();
      assertSame(host, Cli.run(and(star, backend)).json().get("utterances"));
      assertTrue(Emulator.launches("ctc_align_wildcard_path") > 0, backend);
    }
  }

  private static Object[] and(Object[] arguments, Object last) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }

  private static void assertSame(JsonNode expected, JsonNode got) {
    assertEquals(8, got.size());
    for (int n = 0; n < expected.size(); n++) {
      assertTrue(expected.get(n).get("path").size() > 0);
      assertEquals(expected.get(n).get("path"), got.get(n).get("path"));
      double score = expected.get(n).get("log_probability").asDouble();
      assertEquals(score, got.get(n).get("log_probability").asDouble(), 1e-9 * -score);
    }
  }

  @Test
  @DisplayName("No GPU: 'cuda' ends with exit code 3 and the reason, 'auto' goes to the host")
  void noDevice() {
    Emulator.set("devices", 0);
    Cli forced = Cli.run("align", "--backend", "cuda");
    assertEquals(3, forced.exitCode(), forced.err());
    assertTrue(forced.err().startsWith("ctc: the cuda backend cannot be used: "), forced.err());
    assertEquals("", forced.out());
    Cli auto = Cli.run("align");
    assertEquals(0, auto.exitCode(), auto.err());
    assertEquals(0, Emulator.launches(KERNEL));
  }

  @Test
  @DisplayName("What does not align is refused")
  void reference() {
    Cli cli = Cli.run("align", "--backend", "reference");
    assertEquals(2, cli.exitCode());
    assertTrue(cli.err().contains("AUTO, CUDA, CPU"), cli.err());
  }
}
