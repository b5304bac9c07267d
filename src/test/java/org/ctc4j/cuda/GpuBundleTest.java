package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scripts/gpu-bundle runs on a GPU, on the emulated driver. */
@Emulated
class GpuBundleTest {
  @TempDir private Path folder;

  @AfterEach
  void nothingIsLeft() {
    assertEquals("", Emulator.leaks());
    assertEquals("", Emulator.finding());
  }

  private static String outputOf(Runnable program) {
    PrintStream before = System.out;
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
    try {
      program.run();
    } finally {
      System.setOut(before);
    }
    return output.toString(StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("The program for compute-sanitizer launches every kernel")
  void check() throws Exception {
    String output = outputOf(KernelCheck::main);
    assertTrue(output.lines().allMatch(line -> line.startsWith("ok ")), output);
    for (String line : Files.readAllLines(Path.of("kernels/ptx/resources.txt"))) {
      String kernel = line.split(" ", 2)[0];
      assertTrue(kernel.equals("kernel") || Emulator.launches(kernel) > 0, kernel);
    }
  }

  @Test
  @DisplayName("Times become a page and a JSON file with device, driver, commit and command")
  void report() throws Exception {
    String times = outputOf(() -> KernelTimes.main("6x2x5x2", "4x1x40x1"));
    assertEquals(2 + 2 * 4, times.lines().count(), times);
    Path ours = Files.writeString(folder.resolve("ours.tsv"), times);
    Path theirs =
        Files.writeString(
            folder.resolve("torch.tsv"),
            "# PyTorch 1\n"
                + GpuReport.HEADER
                + "\n6x2x5x2\tgradient\tpytorch-native\t1.5\t1.25\n"
                + "6x2x5x2\tgradient\tpytorch-cudnn\t-\t-\n");
    Path out = folder.resolve("2026-01-01-gpu");
    GpuReport.main(
        out.toString(), "abc", "run 6x2x5x2", "580.1", ours.toString(), theirs.toString());
    JsonNode json = new ObjectMapper().readTree(Files.readString(Path.of(out + ".json")));
    JsonNode machine = json.get("machine");
    assertTrue(machine.get("gpu").asText().startsWith("Emulated GPU 0"), machine::toString);
    assertEquals("580.1", machine.get("driver").asText());
    assertEquals("abc", machine.get("commit").asText());
    assertEquals("run 6x2x5x2", machine.get("command").asText());
    assertEquals(9, json.get("results").size());
    JsonNode last = json.get("results").get(8);
    assertEquals("pytorch-native", last.get("implementation").asText());
    assertEquals(1.5, last.get("milliseconds").asDouble());
    String page = Files.readString(Path.of(out + ".md"));
    assertTrue(page.contains("| shape | T×N×C×L | cuda-device | cuda | pytorch-native |"), page);
    assertTrue(page.contains("PyTorch 1") && page.contains("| 1.500 |"), page);
  }
}
