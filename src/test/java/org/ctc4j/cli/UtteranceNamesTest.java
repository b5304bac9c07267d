package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.cli.output.CtmFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What utterances are called, where that comes from and where it goes. */
class UtteranceNamesTest {
  @TempDir private Path folder;

  private Path tokens() throws Exception {
    return Files.writeString(folder.resolve("tokens.txt"), "_\na\nb\nc\n");
  }

  private static NpzFile named(String... names) {
    int longest = 1;
    for (String name : names) {
      longest = Math.max(longest, name.codePointCount(0, name.length()));
    }
    ByteBuffer data =
        ByteBuffer.allocate(4 * longest * names.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int n = 0; n < names.length; n++) {
      int[] points = names[n].codePoints().toArray();
      for (int i = 0; i < points.length; i++) {
        data.putInt(4 * (n * longest + i), points[i]);
      }
    }
    return NpzFile.valid()
        .raw("names", "<U" + longest, "(%d,)".formatted(names.length), data.array());
  }

  private static List<String> names(JsonNode json) {
    List<String> names = new ArrayList<>();
    json.get("utterances").forEach(utterance -> names.add(utterance.get("name").asText()));
    return names;
  }

  @Test
  @DisplayName("Names are those of the array 'names', or of a file")
  void sources() throws Exception {
    Path file = named("zwölf", "a𝄞").write(folder.resolve("batch.npz"));
    Path lines = Files.writeString(folder.resolve("names.txt"), "\ufefften\r\neleven\r\n");
    for (List<String> command : List.of(List.of("align"), List.of("decode"))) {
      List<Object> args = new ArrayList<>(command);
      args.addAll(List.of(file, "--json"));
      assertEquals(List.of("zwölf", "a𝄞"), names(Cli.run(args.toArray()).json()));
      args.addAll(List.of("--names", lines));
      assertEquals(List.of("ten", "eleven"), names(Cli.run(args.toArray()).json()));
    }
    Cli beam = Cli.run("decode", file, "--json", "--beam", 3);
    assertEquals(List.of("zwölf", "a𝄞"), names(beam.json()));
    assertEquals("", Cli.run("loss", file).succeeded().err(), "nothing about names");
    byte[] utf8 = "zwölf\u0000a\u0000\u0000\u0000\u0000\u0000".getBytes(StandardCharsets.UTF_8);
    NpzFile bytes = NpzFile.valid().raw("names", "|S6", "(2,)", java.util.Arrays.copyOf(utf8, 12));
    JsonNode json = Cli.run("align", bytes.write(file), "--json").json();
    assertEquals("zwölf", names(json).get(0));
  }

  @Test
  @DisplayName("Names that cannot be some are refused, or told if nobody asked for them")
  void bad() throws Exception {
    Path file = NpzFile.valid().write(folder.resolve("batch.npz"));
    Path lines = folder.resolve("names.txt");
    for (String[] text :
        new String[][] {
          {"a\n", "expected 2 names, one for each utterance, got 1"},
          {"a\na\n", "0 and 1 are both called 'a'"},
          {"a\n \n", "utterance 1 has none"}
        }) {
      Files.writeString(lines, text[0]);
      Cli.run("align", file, "--names", lines).refused("names.txt: ", text[1]);
    }
    Cli.run("align", file, "--names", folder.resolve("no")).refused("no such file");
    Files.writeString(lines, "a/b\n..\n");
    Cli.run("align", file, "--names", lines, "--frame-shift", 1, "--srt", folder)
        .refused("--srt", "names of utterances", "'a/b'");
    Files.writeString(lines, "a b\nc\n");
    Path ctm = folder.resolve("out.ctm");
    Cli.run("align", file, "--names", lines, "--frame-shift", 1, "--ctm", ctm)
        .refused("--ctm", "the name 'a b'");
    for (NpzFile bad :
        List.of(named("a"), named("a", "a"), NpzFile.valid().ints("names", "(2,)", 1, 2))) {
      Cli run = Cli.run("align", bad.write(file), "--json").succeeded();
      assertTrue(run.err().contains("array 'names' is not used: "), run.err());
      assertEquals(List.of("utterance-0", "utterance-1"), names(run.json()));
    }
  }

  @Test
  @DisplayName("Recordings of a CTM are in the order of the bytes of their names")
  void order() throws Exception {
    Path file = named("b", "é").write(folder.resolve("batch.npz"));
    Path ctm = folder.resolve("out.ctm");
    Path lines = folder.resolve("names.txt");
    for (String text : List.of("b\na\n", "é\nz\n", "x10\nx1\n", "𝄞\nﬀ\n", "B\na\n")) {
      Files.writeString(lines, text);
      Cli.run("align", file, "--names", lines, "--frame-shift", 1, "--ctm", ctm).succeeded();
      assertEquals(2, CtmFile.words(Files.readString(ctm)).size());
    }
  }

  @Test
  @DisplayName("Transcripts may be Kaldi's, by name, in any order and of others, too")
  void kaldi() throws Exception {
    Path file = named("x1", "x2").write(folder.resolve("batch.npz"));
    Path text = folder.resolve("text");
    for (String kaldi :
        List.of("x2 c\nother zzz\nx1  ab\n", "\ufeffx1\tab \nx2 c\n", "x1 ab\nx2 c\nx3\n")) {
      Files.writeString(text, kaldi);
      JsonNode json =
          Cli.run("align", file, "--tokens", tokens(), "--joined", "--transcripts", text, "--json")
              .json();
      assertEquals("ab", json.at("/utterances/0/text").asText());
      assertEquals("c", json.at("/utterances/1/text").asText());
      JsonNode errors =
          Cli.run("decode", file, "--tokens", tokens(), "--transcripts", text, "--json").json();
      assertEquals(3, errors.at("/errors/label/total").asInt());
    }
    Files.writeString(text, "x1 ab\nx3 c\n");
    Cli.run("align", file, "--tokens", tokens(), "--transcripts", text)
        .refused("text: read as Kaldi's", "no line begins with 'x2'");
    Files.writeString(text, "x1 ab\nx2 c\nx1 b\n");
    Cli.run("align", file, "--tokens", tokens(), "--transcripts", text)
        .refused("'x1' has two lines");
  }

  @Test
  @DisplayName("Boxes of characters go from gap to gap, within their line")
  void boxes() throws Exception {
    float[] logits = new float[10 * 2 * 4];
    int[] frames = {0, 0, 1, 0, 0, 0, 2, 3, 3, 0};
    for (int t = 0; t < 10; t++) {
      logits[8 * t + frames[t]] = 20;
      logits[8 * t + 4 + (t == 4 ? 2 : 0)] = 20;
    }
    NpzFile batch =
        new NpzFile()
            .floats("logits", "(10, 2, 4)", logits)
            .ints("boxes", "(2, 4)", 100, 20, 150, 40, 7, 1, 8, 2);
    Path file = batch.write(folder.resolve("batch.npz"));
    JsonNode labels = Cli.run("decode", file, "--json").json().at("/utterances/0/labels");
    // labels at frames [2, 3), [6, 7), [7, 9): edges at 4.5 and 7; the outer ones mirrored
    assertBox(labels.get(0), 100 + 5 * 0.5, 20, 100 + 5 * 4.5, 40);
    assertBox(labels.get(1), 100 + 5 * 4.5, 20, 100 + 5 * 7, 40);
    assertBox(labels.get(2), 100 + 5 * 7, 20, 100 + 5 * 9, 40);
    JsonNode alone = Cli.run("decode", file, "--json").json().at("/utterances/1/labels/0");
    assertBox(alone, 7.4, 1, 7.5, 2);
    JsonNode first =
        Cli.run("decode", file, "--json", "--frame-pixels", 4).json().at("/utterances/0/labels/0");
    assertEquals(2, first.get("left").asDouble(), 1e-12);
    assertEquals(18, first.get("right").asDouble(), 1e-12);
    assertTrue(!first.has("top") && !first.has("bottom"));
    Path bad = batch.ints("boxes", "(2, 4)", 9, 0, 1, 5, 0, 0, 1, 1).write(file);
    assertTrue(Cli.run("decode", bad).succeeded().err().contains("array 'boxes' is not used: "));
  }

  private static void assertBox(
      JsonNode label, double left, double top, double right, double bottom) {
    assertEquals(left, label.get("left").asDouble(), 1e-9);
    assertEquals(top, label.get("top").asDouble(), 1e-9);
    assertEquals(right, label.get("right").asDouble(), 1e-9);
    assertEquals(bottom, label.get("bottom").asDouble(), 1e-9);
  }
}
