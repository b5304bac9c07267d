package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecodeAlignCommandTest {
  @TempDir private Path folder;

  private Path valid() throws Exception {
    return NpzFile.valid().write(folder.resolve("batch.npz"));
  }

  private Path tokens(String text) throws Exception {
    return Files.writeString(folder.resolve("tokens.txt"), text);
  }

  private static JsonNode sample() throws Exception {
    try (InputStream in = Sample.class.getResourceAsStream("sample/speech.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  @Test
  void theSampleDecodedGreedilyIsWhatItsModelSaid() throws Exception {
    JsonNode said = sample();
    JsonNode got = Cli.run("decode", "--json").json().get("utterances");
    assertEquals(said.size(), got.size());
    for (int n = 0; n < said.size(); n++) {
      assertEquals(said.get(n).get("greedy").asText(), got.get(n).get("text").asText());
    }
    assertTrue(Cli.run("decode").succeeded().out().contains("you haev anter din"));
  }

  @Test
  void beamSearchOfTheSample() throws Exception {
    JsonNode got = Cli.run("decode", "--beam", "50", "--nbest", "4", "--json").json();
    JsonNode first = got.get("utterances").get(0).get("outputs");
    assertEquals(4, first.size());
    assertEquals("the conference is now muted", first.get(0).get("text").asText());
    double loss = sample().get(0).get("loss").asDouble();
    assertEquals(-loss, first.get(0).get("log_probability").asDouble(), 1e-4);
    double sum = 0;
    for (JsonNode output : first) {
      sum += Math.exp(output.get("log_probability").asDouble());
    }
    assertTrue(sum <= 1);
    String plain = Cli.run("decode", "--beam", "50").succeeded().out();
    assertFalse(plain.contains(" monday"), plain);
    String hot = Cli.run("decode", "--beam", "50", "--hot-word", "monday").succeeded().out();
    assertTrue(hot.contains(" monday"), hot);
  }

  @Test
  void outputsOfABeamHaveTimesAsAlignmentHasThem() throws Exception {
    JsonNode beam =
        Cli.run("decode", "--beam", "20", "--nbest", "3", "--frame-shift", "0.25", "--json").json();
    assertEquals(0.25, beam.get("frame_shift").asDouble());
    List<String> fields = List.of("text", "labels", "words");
    for (int k = 0; k < 3; k++) {
      List<String> texts = new ArrayList<>();
      for (JsonNode utterance : beam.get("utterances")) {
        texts.add(utterance.get("outputs").get(k).get("text").asText());
      }
      Path file = Files.write(folder.resolve("texts.txt"), texts);
      JsonNode aligned =
          Cli.run("align", "--transcripts", file, "--frame-shift", "0.25", "--json").json();
      for (int n = 0; n < texts.size(); n++) {
        JsonNode expected = aligned.get("utterances").get(n);
        JsonNode utterance = beam.get("utterances").get(n);
        assertEquals(n, utterance.get("utterance").asInt());
        assertEquals(n, expected.get("utterance").asInt());
        for (String field : fields) {
          JsonNode got = utterance.get("outputs").get(k).get(field);
          for (JsonNode word : field.equals("words") ? got : List.<JsonNode>of()) {
            assertEquals(true, ((ObjectNode) word).remove("share").asDouble() <= 1);
          }
          assertEquals(expected.get(field), got);
          assertFalse(utterance.has(field), "an utterance has outputs, these have " + field);
        }
      }
    }
  }

  @Test
  void listsOfOutputsMayBeOfDifferentLengths() throws Exception {
    Path file =
        NpzFile.valid().ints("input_lengths", "(2,)", 0, 5).write(folder.resolve("short.npz"));
    JsonNode json = Cli.run("decode", file, "--beam", "9", "--nbest", "9", "--json").json();
    assertEquals(1, json.get("utterances").get(0).get("outputs").size());
    assertEquals(0, json.get("utterances").get(0).get("outputs").get(0).get("labels").size());
    assertEquals(9, json.get("utterances").get(1).get("outputs").size());
    for (JsonNode output : json.get("utterances").get(1).get("outputs")) {
      for (JsonNode label : output.get("labels")) {
        assertTrue(label.get("start").asInt() < label.get("end").asInt());
        assertFalse(label.has("start_seconds"), "nobody said how long a frame is");
      }
    }
  }

  @Test
  void theSampleAligned() throws Exception {
    JsonNode said = sample();
    JsonNode json = Cli.run("align", "--json").json();
    assertEquals(0.02, json.get("frame_shift").asDouble());
    for (int n = 0; n < said.size(); n++) {
      JsonNode got = json.get("utterances").get(n);
      String transcript = said.get(n).get("transcript").asText();
      assertEquals(transcript, got.get("text").asText());
      assertEquals(transcript.split(" ").length, got.get("words").size());
      assertEquals(transcript.length(), got.get("labels").size());
      assertEquals(said.get(n).get("frames").asInt(), got.get("path").size());
      assertTrue(-got.get("log_probability").asDouble() >= said.get(n).get("loss").asDouble());
      int end = 0;
      for (JsonNode label : got.get("labels")) {
        assertTrue(label.get("start").asInt() >= end);
        end = label.get("end").asInt();
        assertEquals(end * 0.02, label.get("end_seconds").asDouble(), 1e-12);
        assertEquals(label.get("label"), got.get("path").get(end - 1));
      }
    }
  }

  @Test
  void transcriptsTakeThePlaceOfTheTargets() throws Exception {
    List<String> lines = new ArrayList<>();
    sample().forEach(recording -> lines.add(recording.get("transcript").asText()));
    Path file = folder.resolve("texts.txt");
    Files.write(file, lines);
    JsonNode expected = Cli.run("align", "--json").json();
    assertEquals(expected, Cli.run("align", "--transcripts", file, "--json").json());
    lines.set(3, "to mute or unmute yourself é");
    Files.write(file, lines);
    Cli.run("align", "--transcripts", file)
        .refused("texts.txt", "utterance 3", "no token", "'é' at position 27");
    Files.write(file, List.of("a"));
    Cli.run("align", "--transcripts", file).refused("texts.txt", "expected 8 lines", "got 1");
    Cli.run("align", "--transcripts", folder.resolve("no")).refused("no such file");
  }

  @Test
  void ctmAndTextGrid() throws Exception {
    Path ctm = folder.resolve("out.ctm");
    Cli.run("align", "--ctm", ctm, "--textgrid", folder).succeeded();
    List<String> lines = Files.readAllLines(ctm);
    assertTrue(
        lines.get(0).matches("utterance-0 1 0\\.080 0\\.100 the [01]\\.\\d{4}"), lines.get(0));
    for (String line : lines) {
      assertEquals(6, line.split(" ").length, line);
    }
    for (int n = 0; n < 8; n++) {
      assertTiersWithoutGaps(Files.readAllLines(folder.resolve("utterance-" + n + ".TextGrid")));
    }
  }

  @Test
  void wordsOfACtmDoNotOverlap() throws Exception {
    int frames = 300;
    float[] logits = new float[frames * 3];
    int[] target = new int[frames];
    for (int t = 0; t < frames; t++) {
      target[t] = 1 + t % 2;
      logits[3 * t + target[t]] = 8;
    }
    Path file =
        new NpzFile()
            .floats("logits", "(300, 1, 3)", logits)
            .ints("targets", "(1, 300)", target)
            .write(folder.resolve("dense.npz"));
    Path ctm = folder.resolve("out.ctm");
    for (double shift : new double[] {0.0003, 0.000001, 0.01, 0.0125, 256 / 22050.0, 0.0116, 3}) {
      Cli.run(
              "align",
              file,
              "--tokens",
              tokens("_\n▁x\n▁y\n"),
              "--frame-shift",
              shift,
              "--ctm",
              ctm)
          .succeeded();
      BigDecimal end = BigDecimal.ZERO;
      for (String line : Files.readAllLines(ctm)) {
        BigDecimal start = new BigDecimal(line.split(" ")[2]);
        BigDecimal duration = new BigDecimal(line.split(" ")[3]);
        assertTrue(start.compareTo(end) >= 0, shift + ": " + line);
        assertTrue(duration.signum() > 0, shift + ": " + line);
        end = start.add(duration);
      }
      assertEquals(frames * shift, end.doubleValue(), 5.01e-7, "shift " + shift);
    }
  }

  private static void assertTiersWithoutGaps(List<String> lines) {
    assertEquals("File type = \"ooTextFile\"", lines.get(0));
    assertEquals("Object class = \"TextGrid\"", lines.get(1));
    String total = lines.get(4).substring("xmax = ".length());
    String end = null;
    int tiers = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.startsWith("name = ")) {
        tiers++;
        assertTrue(end == null || end.equals(total), "the tier before ends at the end");
        end = "0";
      }
      if (line.startsWith("intervals [")) {
        String start = lines.get(i + 1).strip().substring("xmin = ".length());
        assertEquals(end, start);
        end = lines.get(i + 2).strip().substring("xmax = ".length());
        assertTrue(Double.parseDouble(end) > Double.parseDouble(start));
      }
    }
    assertEquals(2, tiers);
    assertEquals(total, end);
  }

  @Test
  void quotesInTextGridsAreDoubled() throws Exception {
    Path tokens = tokens("<blank>\na\"b\nc\n\"\n");
    Cli.run("align", valid(), "--tokens", tokens, "--frame-shift", "0.5", "--textgrid", folder)
        .succeeded();
    String grid = Files.readString(folder.resolve("utterance-0.TextGrid"));
    assertTrue(grid.contains("text = \"a\"\"b\""), grid);
    assertTrue(grid.contains("size = 1\n"), "no words, one tier");
    assertTrue(Files.readString(folder.resolve("utterance-1.TextGrid")).contains("\"\"\"\""));
  }

  @Test
  void whatHasNoPathIsSaid() throws Exception {
    Path file =
        NpzFile.valid().ints("input_lengths", "(2,)", 1, 5).write(folder.resolve("short.npz"));
    JsonNode json = Cli.run("align", file, "--json").json();
    assertEquals("INFEASIBLE", json.get("utterances").get(0).get("status").asText());
    assertEquals("-Infinity", json.get("utterances").get(0).get("log_probability").asText());
    assertEquals("OK", json.get("utterances").get(1).get("status").asText());
    String table = Cli.run("align", file).succeeded().out();
    assertTrue(
        table.contains(
            "utterance 0   INFEASIBLE   no path collapses to its target: 2 labels and 0 repeats"
                + " need 2 frames, it has 1 frames"),
        table);
    Path ctm = folder.resolve("out.ctm");
    Cli run =
        Cli.run("align", file, "--frame-shift", "1", "--ctm", ctm, "--textgrid", folder)
            .succeeded();
    assertTrue(
        run.err().contains("no TextGrid for utterance 0 (INFEASIBLE): no path collapses"),
        run.err());
    assertTrue(run.err().contains("need 2 frames, it has 1 frames"), run.err());
    assertTrue(Files.readString(ctm).startsWith(";; utterance-0: INFEASIBLE: no path collapses"));
    assertFalse(Files.exists(folder.resolve("utterance-0.TextGrid")));
    assertTrue(Files.exists(folder.resolve("utterance-1.TextGrid")), "the others are written");
  }

  @Test
  void tokenTables() throws Exception {
    Path table = tokens("<blk> 0\nb\t2\né 1\n  3\n#0 4\n#1 5\n");
    String out = Cli.run("align", valid(), "--tokens", table).succeeded().out();
    assertTrue(out.contains("éb"), out);
    Cli.run("align", valid(), "--tokens", tokens("_ 0\na 1\nb 1\nc 2\n"))
        .refused("tokens.txt", "'a' and 'b' have the same class, 1");
    Cli.run("align", valid(), "--tokens", tokens("_ 0\na 1\nb 2\nc 4\n"))
        .refused("tokens.txt", "none has class 3");
    Cli.run("align", valid(), "--tokens", tokens("_ 0\na 1\nb 2\nc 3\nd 4\n"))
        .refused("expected 4 tokens", "got 5");
  }

  @Test
  void vocabJson() throws Exception {
    Path vocabulary = folder.resolve("vocab.json");
    Files.writeString(vocabulary, "{\"|\": 3, \"<pad>\": 0, \"é\": 1, \"b\": 2}");
    String out = Cli.run("align", valid(), "--tokens", vocabulary).succeeded().out();
    assertTrue(out.contains("éb"), out);
    Files.writeString(vocabulary, "{\"a\": 0, \"b\": 0, \"c\": 1, \"d\": 2}");
    Cli.run("align", valid(), "--tokens", vocabulary)
        .refused("vocab.json", "'a' and 'b' have the same class, 0");
    Files.writeString(vocabulary, "{\"a\": 0, \"b\": 1, \"c\": 2, \"d\": 4}");
    Cli.run("align", valid(), "--tokens", vocabulary).refused("vocab.json", "none has class 3");
    Files.writeString(vocabulary, "{\"a\": \"x\"}");
    Cli.run("align", valid(), "--tokens", vocabulary).refused("'a' has x", "number of its class");
    Files.writeString(vocabulary, "[1]");
    Cli.run("align", valid(), "--tokens", vocabulary).refused("expected a JSON object");
    Files.writeString(vocabulary, "{\"a\": ");
    Cli.run("align", valid(), "--tokens", vocabulary).refused("vocab.json", "not valid JSON");
    Files.writeString(vocabulary, "{}");
    Cli.run("align", valid(), "--tokens", vocabulary).refused("vocab.json", "has none");
  }

  @Test
  void tokenFilesThatDoNotFit() throws Exception {
    for (String command : List.of("align", "decode")) {
      Cli.run(command, valid(), "--tokens", tokens("")).refused("tokens.txt", "the file has none");
      Cli.run(command, valid(), "--tokens", tokens("_\na\nb\n"))
          .refused("tokens.txt: expected 4 tokens", "the blank included, got 3");
      Cli.run(command, valid(), "--tokens", tokens("_\na\nb\nc\nd"))
          .refused("expected 4 tokens", "got 5");
      Cli.run(command, valid(), "--tokens", tokens("_\na\n\nb\n")).refused("line 3 is empty");
      Cli.run(command, valid(), "--tokens", folder.resolve("no.txt")).refused("no such file");
      Cli.run(command, valid(), "--tokens", folder).refused("folder");
      Cli.run(command, valid(), "--blank", "4").refused("class index in [0, 4), got 4");
      Path bytes = folder.resolve("bytes.txt");
      Files.write(bytes, new byte[] {(byte) 0xff, '\n'});
      Cli.run(command, valid(), "--tokens", bytes).refused("bytes.txt", "UTF-8");
    }
  }

  @Test
  void argumentsThatDoNotFit() throws Exception {
    Cli.run("decode", "--nbest", "2").refused("--nbest: only with --beam");
    Cli.run("decode", "--hot-word", "a").refused("--hot-word: only with --beam");
    Cli.run("decode", "--beam", "0").refused("beam width: expected 1 or more, got 0");
    Cli.run("decode", "--beam", "5", "--min-probability", "2")
        .refused("--min-probability", "got 2");
    Cli.run("decode", "--beam", "5", "--hot-word", "ü").refused("--hot-word", "no token", "'ü'");
    Cli.run("decode", "--threads", "0").refused("threads", "got 0");
    Cli.run("align", "--frame-shift", "0").refused("--frame-shift", "got 0");
    Path ctm = folder.resolve("a.ctm");
    Cli.run("align", valid(), "--ctm", ctm).refused("--ctm", "--frame-shift SECONDS");
    Cli.run("align", "--textgrid", folder.resolve("no")).refused("--textgrid", "folder");
    Cli.run("align", "--ctm", folder.resolve("no").resolve("x")).refused("there is no folder");
    assertFalse(Files.exists(ctm));
  }

  @Test
  void decodingNeedsNoTargets() throws Exception {
    Path file = NpzFile.valid().without("targets").write(folder.resolve("logits.npz"));
    JsonNode json = Cli.run("decode", file, "--json").json();
    assertEquals("OK", json.get("utterances").get(1).get("status").asText());
    assertEquals(5, json.get("utterances").get(1).get("path").size());
    Cli.run("align", file).refused("no array 'targets'");
  }

  @Test
  void sentencePieces() throws Exception {
    Path tokens = tokens("_\n▁a\nb\n▁\n");
    Path texts = Files.writeString(folder.resolve("texts.txt"), "ab\na\n");
    JsonNode json =
        Cli.run("align", valid(), "--tokens", tokens, "--transcripts", texts, "--json").json();
    assertEquals("ab", json.get("utterances").get(0).get("text").asText());
  }
}
