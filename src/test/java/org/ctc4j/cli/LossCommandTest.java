package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossCommandTest {
  @TempDir private Path folder;

  private Path valid() throws Exception {
    return NpzFile.valid().write(folder.resolve("batch.npz"));
  }

  @Test
  void withoutAFileTheSampleOfRealSpeech() throws Exception {
    JsonNode json = Cli.run("loss", "--backend", "reference", "--json").json();
    try (InputStream in = getClass().getResourceAsStream("/org/ctc4j/real/speech.ref.npz");
        NpzReader expected = NpzReader.open("speech.ref.npz", in.readAllBytes())) {
      double[] losses = expected.read("losses").doubles();
      assertEquals(8, losses.length);
      for (int n = 0; n < 8; n++) {
        assertEquals(losses[n], json.get("losses").get(n).asDouble(), 1e-12 * losses[n]);
      }
    }
    String table = Cli.run("loss").succeeded().out();
    assertEquals(10, table.lines().count());
    assertTrue(table.contains("monday") && table.contains("the conference is now muted"), table);
  }

  @Test
  void jsonHasTheFieldsOfTheContract() throws Exception {
    JsonNode json = Cli.run("loss", valid(), "--reduction", "mean", "--json").json();
    List<String> names = new ArrayList<>();
    json.fieldNames().forEachRemaining(names::add);
    assertEquals(
        List.of("backend", "device", "reduction", "loss", "losses", "statuses", "milliseconds"),
        names);
    assertEquals("mean", json.get("reduction").asText());
    double mean = (json.get("losses").get(0).asDouble() / 2 + json.get("losses").get(1).asDouble());
    assertEquals(mean / 2, json.get("loss").asDouble(), 1e-12);
    assertEquals("OK", json.get("statuses").get(1).asText());
    assertTrue(json.get("milliseconds").isNumber());
  }

  @Test
  void infinitiesAreStringsInJson() throws Exception {
    Path file =
        NpzFile.valid().ints("input_lengths", "(2,)", 1, 5).write(folder.resolve("short.npz"));
    JsonNode json = Cli.run("loss", file, "--json").json();
    assertEquals("Infinity", json.get("losses").get(0).asText());
    assertTrue(json.get("losses").get(0).isTextual());
    assertEquals("Infinity", json.get("loss").asText());
    assertEquals("INFEASIBLE", json.get("statuses").get(0).asText());
    JsonNode zeroed = Cli.run("loss", file, "--json", "--zero-infinity").json();
    assertEquals(0.0, zeroed.get("losses").get(0).asDouble());
  }

  @Test
  void plusInfinityIsReportedNotRefused() throws Exception {
    float[] logits = new float[6 * 2 * 4];
    logits[4] = Float.POSITIVE_INFINITY; // frame 0, utterance 1
    Path file =
        NpzFile.valid().floats("logits", "(6, 2, 4)", logits).write(folder.resolve("inf.npz"));
    JsonNode json = Cli.run("loss", file, "--json").json();
    assertEquals("NaN", json.get("losses").get(1).asText());
    assertEquals("NOT_FINITE", json.get("statuses").get(1).asText());
    assertEquals("OK", json.get("statuses").get(0).asText());
  }

  @Test
  void theGradientHasTheLogitsShapeAndTheTypeOfTheContract() throws Exception {
    Path input = valid();
    Path output = folder.resolve("grad.npz");
    Cli.run("loss", input, "--backend", "reference", "--grad", output).succeeded();
    try (NpzReader npz = NpzReader.open(output)) {
      assertEquals(List.of("grad", "losses"), npz.names());
      assertEquals("<f8", npz.header("grad").dtype());
      assertArrayEquals(new long[] {6, 2, 4}, npz.header("grad").shape());
      assertArrayEquals(new long[] {2}, npz.header("losses").shape());
      double[] gradient = npz.read("grad").doubles();
      double[] unused = {gradient[44], gradient[45], gradient[46], gradient[47]};
      assertArrayEquals(new double[4], unused, "frame 5 of utterance 1 is not used");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"<u2", "<V2", "|V2"}) // V2: what ml_dtypes has NumPy write
  void bfloat16Comes16BitsWideWithAFlag(String dtype) throws Exception {
    byte[] bits = new byte[2 * 48];
    for (int i = 0; i < 48; i++) {
      int bfloat16 = Float.floatToIntBits((float) Math.sin(3 * i + 1)) >>> 16;
      bits[2 * i] = (byte) bfloat16;
      bits[2 * i + 1] = (byte) (bfloat16 >>> 8);
    }
    Path file =
        NpzFile.valid().raw("logits", dtype, "(6, 2, 4)", bits).write(folder.resolve("b.npz"));
    Cli.run("loss", file)
        .refused("logits: expected dtype f2, f4 or f8, got '" + dtype + "'", "--bfloat16");
    JsonNode half = Cli.run("loss", file, "--bfloat16", "--json").json();
    JsonNode single = Cli.run("loss", valid(), "--json").json();
    for (int n = 0; n < 2; n++) {
      double expected = single.get("losses").get(n).asDouble();
      assertEquals(expected, half.get("losses").get(n).asDouble(), 0.02 * expected);
    }
    Cli.run("loss", valid(), "--bfloat16").refused("expected dtype u2 or V2", "got '<f4'");
  }

  @Test
  void paddedTargetsWithoutLengthsUseTheirWholeWidth() throws Exception {
    Path file =
        NpzFile.valid()
            .ints("targets", "(2, 2)", 1, 2, 3, 3)
            .without("target_lengths")
            .without("input_lengths")
            .write(folder.resolve("full.npz"));
    Path same =
        NpzFile.valid()
            .ints("targets", "(4,)", 1, 2, 3, 3)
            .ints("target_lengths", "(2,)", 2, 2)
            .ints("input_lengths", "(2,)", 6, 6)
            .write(folder.resolve("same.npz"));
    assertEquals(
        Cli.run("loss", same, "--json").json().get("losses"),
        Cli.run("loss", file, "--json").json().get("losses"));
  }

  @Test
  void targetsInFortranOrder() throws Exception {
    byte[] columns = {1, 3, 2, 0};
    Path file =
        NpzFile.valid()
            .raw("targets", "|u1", "(2, 2)", true, columns)
            .write(folder.resolve("f.npz"));
    assertEquals(
        Cli.run("loss", valid(), "--json").json().get("losses"),
        Cli.run("loss", file, "--json").json().get("losses"));
  }

  @Test
  void anArrayThatIsNotUsedIsSaid() throws Exception {
    Path file =
        NpzFile.valid().ints("input_length", "(2,)", 6, 5).write(folder.resolve("typo.npz"));
    Cli run = Cli.run("loss", file).succeeded();
    assertEquals("ctc: note: " + file + ": array 'input_length' is not used", run.err().strip());
  }

  // ---- refusals: exit code 2, one line, no output file ----

  private void refused(NpzFile file, String... parts) throws Exception {
    Path input = file.write(folder.resolve("bad.npz"));
    Path output = folder.resolve("out.npz");
    Cli.run("loss", input, "--grad", output).refused(parts);
    Cli.run("loss", input, "--grad", output).refused("bad.npz");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of("bad.npz"), files.map(f -> f.getFileName().toString()).toList());
    }
  }

  @Test
  void labels() throws Exception {
    refused(
        NpzFile.valid().ints("targets", "(2, 2)", 1, 4, 3, 0),
        "targets: utterance 0 has label 4 at position 1, expected a class in [0, 4)");
    refused(
        NpzFile.valid().ints("targets", "(2, 2)", 1, 2, -1, 0),
        "targets: utterance 1 has label -1 at position 0, expected a class in [0, 4)");
    refused(
        NpzFile.valid().ints("targets", "(2, 2)", 1, 0, 3, 0),
        "targets: utterance 0 has the blank, 0, at position 1");
  }

  @Test
  void lengths() throws Exception {
    refused(
        NpzFile.valid().ints("input_lengths", "(2,)", 7, 5),
        "input_lengths: utterance 0 has 7, expected a number of frames in [0, 6]");
    refused(
        NpzFile.valid().ints("input_lengths", "(2,)", 6, -1),
        "input_lengths: utterance 1 has -1, expected a number of frames in [0, 6]");
    refused(
        NpzFile.valid().ints("input_lengths", "(3,)", 6, 5, 4),
        "input_lengths: expected 2, one for each utterance of the logits, got 3");
    refused(
        NpzFile.valid().ints("input_lengths", "(1, 2)", 6, 5),
        "input_lengths: expected 1 dimension, (N), got shape (1, 2)");
    refused(
        NpzFile.valid().ints("input_lengths", "()", 6),
        "input_lengths: expected 1 dimension, (N), got shape ()");
    refused(
        NpzFile.valid().ints("input_lengths", "(3, 1)", 6, 5, 4),
        "input_lengths: expected 2, one for each utterance of the logits, got 3");
    refused(
        NpzFile.valid().ints("target_lengths", "(2,)", 2, 3),
        "target_lengths: utterance 1 has 3, expected a length in [0, 2]");
    refused(
        NpzFile.valid().ints("target_lengths", "(2,)", -2, 1),
        "target_lengths: utterance 0 has -2, expected a length in [0, 2]");
    refused(
        NpzFile.valid().ints("target_lengths", "(1,)", 2),
        "target_lengths: expected 2, one for each utterance of the logits, got 1");
    refused(
        NpzFile.valid().ints("targets", "(4,)", 1, 2, 3, 3),
        "targets: target_lengths add up to 3, but there are 4 concatenated labels");
    refused(
        NpzFile.valid().ints("targets", "(4,)", 1, 2, 3, 3).without("target_lengths"),
        "target_lengths: missing");
    refused(
        NpzFile.valid().ints("targets", "(3, 1)", 1, 2, 3),
        "targets: expected shape (N, Lmax) with N = 2",
        "got shape (3, 1)");
  }

  @Test
  @DisplayName("A blank where padding may begin is refused with what padding looks like")
  void paddingByTheBlank() throws Exception {
    refused(
        NpzFile.valid().without("target_lengths"),
        "targets: utterance 1 has label 0 at position 1, the blank",
        "padding is -1, or what is beyond target_lengths");
  }

  @Test
  void arrays() throws Exception {
    refused(NpzFile.valid().without("logits"), "no array 'logits'");
    refused(NpzFile.valid().without("targets"), "no array 'targets'");
    refused(
        NpzFile.valid().floats("logits", "(48,)", new float[48]),
        "logits: expected 3 dimensions",
        "got shape (48)");
    refused(
        NpzFile.valid().ints("logits", "(6, 2, 4)", new int[48]),
        "logits: expected dtype f2, f4 or f8, got '<i4'");
    refused(
        NpzFile.valid().floats("targets", "(2, 2)", 1, 2, 3, 0), "'targets'", "got dtype '<f4'");
    refused(NpzFile.valid().floats("input_lengths", "(2,)", 6, 5), "input_lengths", "'<f4'");
    refused(
        NpzFile.valid().raw("logits", "|O", "(6, 2, 4)", new byte[384]),
        "'logits'",
        "dtype '|O' is not supported");
    refused(NpzFile.valid().floats("logits", "(6, 2, 0)"), "logits", "C at least 1");
    byte[] large = new byte[16];
    large[8 + 5] = 1;
    refused(
        NpzFile.valid().raw("input_lengths", "<i8", "(2,)", large),
        "input_lengths",
        "1099511627776");
  }

  @Test
  void nanInAUsedFrame() throws Exception {
    float[] logits = new float[48];
    logits[8 * 5 + 4 + 2] = Float.NaN; // frame 5, utterance 1: not used
    Path fine =
        NpzFile.valid().floats("logits", "(6, 2, 4)", logits).write(folder.resolve("fine.npz"));
    Cli.run("loss", fine).succeeded();
    Files.delete(fine);
    logits[8 * 4 + 4 + 2] = Float.NaN;
    refused(
        NpzFile.valid().floats("logits", "(6, 2, 4)", logits),
        "logits: utterance 1 has NaN at frame 4, class 2");
  }

  @Test
  void filesThatAreNoNpz() throws Exception {
    Path file = folder.resolve("x.npz");
    Cli.run("loss", file).refused("x.npz", "no such file");
    Files.write(file, new byte[0]);
    Cli.run("loss", file).refused("x.npz");
    Files.writeString(file, "logits, targets");
    Cli.run("loss", file).refused("x.npz");
    byte[] bytes = NpzFile.valid().bytes();
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    Cli.run("loss", file).refused("x.npz");
    Cli.run("loss", folder).refused("folder");
  }

  @Test
  void aHeaderThatClaimsMoreThanTheFileHolds() throws Exception {
    refused(
        NpzFile.valid().raw("logits", "<f4", "(1048576, 1048576, 4)", new byte[16]), "'logits'");
  }

  @Test
  void outputThatCannotBeWritten() throws Exception {
    Path missing = folder.resolve("missing").resolve("grad.npz");
    Cli.run("loss", valid(), "--grad", missing).refused("--grad", "there is no folder", "missing");
    Cli.run("loss", valid(), "--grad", folder).refused("folder");
    assertFalse(Files.exists(missing.getParent()));
  }

  @Test
  void arguments() throws Exception {
    Path file = valid();
    assertEquals(2, Cli.run("loss", file, "--layout", "ctn").exitCode());
    assertEquals(2, Cli.run("loss", file, "--blank", "x").exitCode());
    assertEquals(2, Cli.run("loss", file, "--nonsense").exitCode());
    assertEquals(2, Cli.run("loss", file, file).exitCode());
    assertEquals(2, Cli.run("nonsense").exitCode());
    assertEquals(2, Cli.run().exitCode());
    Cli.run("loss", file, "--threads", "0").refused("threads: expected 1 or more, got 0");
    Cli.run("loss", file, "--blank", "4").refused("blank: expected a class index in [0, 4), got 4");
    Cli.run("loss", file, "--blank", "-1").refused("blank", "-1");
  }

  @Test
  void aBackendThatCannotBeUsedIsExitCode3() throws Exception {
    for (var report : Ctc.backends()) {
      Cli run = Cli.run("loss", valid(), "--backend", report.backend());
      if (report.usable()) {
        run.succeeded();
      } else {
        assertEquals(3, run.exitCode());
        assertTrue(run.err().contains(report.reason()), run.err());
      }
    }
  }

  @Test
  void threadsDoNotChangeTheResult() throws Exception {
    JsonNode one = Cli.run("loss", "--threads", "1", "--json").json();
    JsonNode three = Cli.run("loss", "--threads", "3", "--json").json();
    assertEquals(one.get("losses"), three.get("losses"));
  }

  @Test
  void helpAndDevices() {
    String help = Cli.run("--help").succeeded().out();
    assertTrue(help.contains("loss") && help.contains("devices") && help.contains("Exit codes"));
    assertTrue(Cli.run("loss", "--help").succeeded().out().contains("--zero-infinity"));
    assertTrue(Cli.run("generate-completion").succeeded().out().contains("complete"));
    assertTrue(Cli.run("--version").succeeded().out().startsWith("ctc4j"));
    String devices = Cli.run("devices").succeeded().out();
    for (Backend backend : Backend.values()) {
      assertTrue(devices.contains(backend.toString()), devices);
    }
  }
}
