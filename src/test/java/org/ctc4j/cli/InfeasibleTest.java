package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why an utterance is infeasible is told wherever it is told that it is. */
class InfeasibleTest {
  private static final String WHY =
      "no path collapses to its target: 5 labels and 2 repeats need 7 frames, it has 6 frames";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws Exception {
    float[] logits = new float[9 * 2 * 4];
    file =
        new NpzFile()
            .floats("logits", "(9, 2, 4)", logits)
            .ints("targets", "(2, 5)", 1, 1, 2, 3, 3, 2, 2, 2, 3, 3)
            .ints("input_lengths", "(2,)", 6, 9)
            .write(folder.resolve("batch.npz"));
  }

  @Test
  @DisplayName("A loss")
  void loss() throws Exception {
    String table = Cli.run("loss", file).succeeded().out();
    assertTrue(table.lines().anyMatch(line -> line.endsWith("INFEASIBLE  " + WHY)), table);
    for (String option : List.of("--threads=1", "--zero-infinity")) {
      JsonNode json = Cli.run("loss", file, "--json", option).json();
      assertEquals(WHY, json.at("/reasons/0").asText());
      assertTrue(json.at("/reasons/1").isNull());
    }
    assertFalse(Cli.run("loss", "--json").json().has("reasons"), "all is well");
  }

  @Test
  @DisplayName("A comparison")
  void compare() {
    Cli run = Cli.run("compare", file, "--backend", "cpu").succeeded();
    assertTrue(run.err().contains("note: utterance 0 is INFEASIBLE: " + WHY), run.err());
    assertEquals(1, run.err().lines().count());
  }

  @Test
  @DisplayName("An alignment, in all that it writes")
  void alignment() throws Exception {
    Path out = folder.resolve("out");
    Object[] args = {
      "align",
      file,
      "--frame-shift",
      1,
      "--csv",
      folder.resolve("csv"),
      "--jsonl",
      out,
      "--srt",
      folder
    };
    Cli run = Cli.run(args).succeeded();
    assertTrue(run.out().contains("utterance 0   INFEASIBLE   " + WHY), run.out());
    for (String format : List.of("CSV", "SRT")) {
      String note = "note: no " + format + " for utterance 0 (INFEASIBLE): " + WHY;
      assertTrue(run.err().contains(note), run.err());
    }
    assertEquals(2, run.err().lines().count());
    assertTrue(Files.readAllLines(out).get(0).contains("\"reason\":\"" + WHY + "\""));
    JsonNode json = Cli.run("align", file, "--json").json();
    assertEquals(WHY, json.at("/utterances/0/reason").asText());
    assertTrue(json.at("/utterances/1/reason").isMissingNode());
  }

  @Test
  @DisplayName("A picture")
  void explanation() {
    Cli.run("explain", file).refused("utterance 0: " + WHY);
  }

  @Test
  @DisplayName("Where there would be room, but probabilities of 0 are in the way")
  void blocked() throws Exception {
    float[] logits = new float[9 * 4];
    Arrays.fill(logits, 8, 12, Float.NEGATIVE_INFINITY); // all of frame 2
    NpzFile batch =
        new NpzFile().floats("logits", "(9, 1, 4)", logits).ints("targets", "(1, 2)", 1, 1);
    batch.write(file);
    String out = Cli.run("align", file).succeeded().out();
    assertTrue(out.contains("need 3 frames, it has 9 frames, but probabilities of 0 block"), out);
    for (Object[] command : new Object[][] {{"decode", file}, {"decode", file, "--beam", 4}}) {
      out = Cli.run(command).succeeded().out();
      assertTrue(out.contains("INFEASIBLE: all classes of a frame have probability 0"), out);
    }
    JsonNode json = Cli.run("decode", file, "--beam", 4, "--json").json();
    assertEquals(
        "all classes of a frame have probability 0", json.at("/utterances/0/reason").asText());
    assertEquals(0, json.at("/utterances/0/outputs").size());
    Cli run = Cli.run("decode", file, "--beam", 4, "--csv", folder.resolve("csv")).succeeded();
    assertTrue(run.err().contains("no CSV for utterance 0 (INFEASIBLE): all classes"), run.err());
  }

  @Test
  @DisplayName("A search in whose beam a lexicon leaves nothing, beside one that frames block")
  void forbidden() throws Exception {
    float[] logits = new float[3 * 2 * 4];
    for (int t = 0; t < 3; t++) {
      logits[8 * t + 1] = 9; // 'a', of which there is no word
    }
    Arrays.fill(logits, 12, 16, Float.NEGATIVE_INFINITY); // frame 1 of utterance 1
    new NpzFile().floats("logits", "(3, 2, 4)", logits).write(file);
    Path tokens = Files.writeString(folder.resolve("tokens"), "<blank>\na\nb\n|\n");
    Path lexicon = Files.writeString(folder.resolve("lexicon"), "ab\n");
    Object[] command = {"decode", file, "--tokens", tokens, "--beam", 9, "--lexicon", lexicon};
    List<Object> narrow = new ArrayList<>(Arrays.asList(command));
    narrow.addAll(List.of("--min-probability", 0.5, "--json"));
    JsonNode json = Cli.run(narrow.toArray()).json().get("utterances");
    assertEquals(NoPath.NO_WORD, json.get(0).get("reason").asText());
    assertEquals("INFEASIBLE", json.get(0).get("status").asText());
    String blocked = "all classes of a frame have probability 0";
    assertEquals(blocked, json.get(1).get("reason").asText());
    JsonNode wide =
        Cli.run(Stream.concat(Arrays.stream(command), Stream.of("--json")).toArray()).json();
    assertTrue(wide.at("/utterances/0/reason").isMissingNode());
  }

  @Test
  @DisplayName("What a gradient is of is asked for with the gradient")
  void gradientOptions() {
    Cli.run("loss", file, "--grad-wrt", "logits").refused("--grad-wrt: only with --grad");
    Cli.run("loss", file, "--grad-wrt", "logits", "--grad", folder.resolve("g.npz")).succeeded();
  }
}
