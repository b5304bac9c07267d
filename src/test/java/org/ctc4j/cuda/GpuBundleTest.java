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
import org.ctc4j.bench.Floor;
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

  /** Of accesses, for each call 36 times: once is enough, and {@link #check} has that. */
  private static void withoutChecks() {
    Emulator.set("checking", 0);
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
  @DisplayName(
      "What is measured becomes a page and a JSON file with device, driver, commit, command")
  void report() throws Exception {
    withoutChecks();
    String times = outputOf(() -> KernelTimes.main("6x2x5x2", "4x1x40x1"));
    String copies = outputOf(CopyTimes::main);
    assertEquals(
        2, lines(times, "library") + lines(times, "time\t4x1x40x1\tflat\tloss\tcuda-device"));
    assertEquals(
        2 * 2, lines(times, "time\t6x2x5x2\tpeaked") + lines(times, "time\t6x2x5x2\tflat\tloss"));
    assertEquals(2 * 2 * Floor.LAUNCHES, lines(times, "kernel"), times);
    assertEquals(3, lines(copies, "copy"), copies);
    Path ours = Files.writeString(folder.resolve("ours.tsv"), times + copies);
    Path theirs =
        Files.writeString(
            folder.resolve("theirs.tsv"),
            """
            library\tPyTorch 1
            time\t6x2x5x2\tflat\tgradient\tpytorch-native-device\t9\t8\t-\t-
            time\t6x2x5x2\tflat\tgradient\tpytorch-native-device\t1.5\t1.25\t1e-4\t2e-3
            time\t6x2x5x2\tflat\tgradient\tpytorch-cudnn-device\t-\t-\t-\t-
            stage\ttorch\tended after 9 s\t9
            time\t6x2x5x2\tflat\tgrad""");
    Path out = folder.resolve("2026-01-01-gpu");
    GpuReport.main(out.toString(), "abc", "run times", "580.1", ours.toString(), theirs.toString());
    JsonNode json = new ObjectMapper().readTree(Files.readString(Path.of(out + ".json")));
    JsonNode machine = json.get("machine");
    assertTrue(machine.get("gpu").asText().startsWith("Emulated GPU 0"), machine::toString);
    assertEquals("580.1", machine.get("driver").asText());
    assertEquals("abc", machine.get("commit").asText());
    assertEquals("run times", machine.get("command").asText());
    assertEquals("ended after 9 s", json.get("stages").get(0).get("outcome").asText());
    JsonNode results = json.get("results");
    assertEquals(2 * 8 + 2, results.size());
    assertEquals(1.5, results.get(16).get("milliseconds").asDouble(), "the later line counts");
    assertTrue(results.get(17).get("milliseconds").isNull());
    String page = Files.readString(Path.of(out + ".md"));
    for (String part :
        new String[] {
          "- PyTorch 1\n",
          "| torch | ended after 9 s | 9 |",
          "| within the device | ",
          "| shape | T×N×C×L | cuda-device | cuda-graph-device | cuda-device-l2 | cuda | pytorch-native-device | pytorch-cudnn-device |",
          "| 1.5000 | – |",
          "| 6x2x5x2 | peaked | cuda-device | ",
          "## Beside the floor",
          "## Kernels, peaked logits",
          "    theirs.tsv: time\t6x2x5x2\tflat\tgrad\n"
        }) {
      assertTrue(page.contains(part), () -> part + " in\n" + page);
    }
  }

  private static long lines(String output, String begin) {
    return output.lines().filter(line -> line.startsWith(begin + "\t")).count();
  }

  @Test
  @DisplayName("What was timed is as exact as it has to be, flat and peaked")
  void accuracy() throws Exception {
    withoutChecks();
    Measurements measured = new Measurements();
    measured.read(
        Files.writeString(
            folder.resolve("times.tsv"), outputOf(() -> KernelTimes.main("40x3x12x9"))));
    assertEquals(8, measured.times.size());
    for (Measurements.Time time : measured.times) {
      boolean checked =
          time.implementation().equals("cuda-device") && time.mode().equals("gradient");
      assertEquals(!checked, Double.isNaN(time.gradientError()), time.toString());
      assertTrue(
          !checked || time.gradientError() < 1e-5 && time.lossError() < 1e-6, time.toString());
      assertTrue(time.median() >= time.fastest() && time.fastest() > 0, time.toString());
    }
  }

  @Test
  @DisplayName("The profiled program launches each kernel of a call once for either workload")
  void profile() {
    KernelProfile.main("6x2x5x2");
    assertEquals(2, Emulator.launches("ctc_lattice_p1"));
    assertEquals(2, Emulator.launches("ctc_small_loss"));
    assertEquals(2 * Floor.LAUNCHES, Emulator.launches(""));
  }
}
