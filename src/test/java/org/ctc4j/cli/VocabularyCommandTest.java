package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Token files and transcripts as people have them. */
class VocabularyCommandTest {
  @TempDir private Path folder;

  /** One utterance, of which each frame is nearly certain of one class. */
  private NpzFile peaked(int classes, int... path) {
    float[] logits = new float[path.length * classes];
    for (int t = 0; t < path.length; t++) {
      logits[t * classes + path[t]] = 11;
    }
    return new NpzFile().floats("logits", "(%d, 1, %d)".formatted(path.length, classes), logits);
  }

  private Path write(NpzFile file) throws Exception {
    return file.write(folder.resolve("batch.npz"));
  }

  private Path tokens(String text) throws Exception {
    return Files.writeString(folder.resolve("tokens.txt"), text);
  }

  private Path json(String text) throws Exception {
    return Files.writeString(folder.resolve("vocab.json"), text);
  }

  private static JsonNode utterance(JsonNode json) {
    return json.get("utterances").get(0);
  }

  private String decoded(Path file, Path tokens, Object... more) throws Exception {
    List<Object> args = new ArrayList<>(List.of("decode", file, "--tokens", tokens, "--json"));
    args.addAll(List.of(more));
    return utterance(Cli.run(args.toArray()).json()).get("text").asText();
  }

  private List<Integer> aligned(Path file, Path tokens, String transcript) throws Exception {
    Path texts = Files.writeString(folder.resolve("texts.txt"), transcript + "\n");
    JsonNode json =
        Cli.run("align", file, "--tokens", tokens, "--transcripts", texts, "--json").json();
    List<Integer> labels = new ArrayList<>();
    utterance(json).get("labels").forEach(label -> labels.add(label.get("label").asInt()));
    return labels;
  }

  @Test
  @DisplayName("'|' beside a space of the vocabulary's own is a character")
  void pipe() throws Exception {
    Path file = write(peaked(5, 2, 0, 1, 4, 2, 0, 1));
    Path tokens = tokens("<blank>\n|\nq\nr\n \n");
    JsonNode said = utterance(Cli.run("decode", file, "--tokens", tokens, "--json").json());
    assertEquals("q| q|", said.get("text").asText());
    assertEquals("q|", said.get("words").get(1).get("word").asText());
    assertEquals(2, said.get("words").size());
  }

  @Test
  @DisplayName("Spaces at the ends and doubled ones are no part of a text")
  void spaces() throws Exception {
    Path file = write(peaked(4, 1, 0, 1, 2, 0, 2, 1, 0, 1, 0, 1, 3, 1));
    assertEquals("hh m", decoded(file, json("{\"[PAD]\": 0, \"|\": 1, \"h\": 2, \"m\": 3}")));
  }

  @Test
  @DisplayName("An n-best lists a text once, and as many as were asked for")
  void nBest() throws Exception {
    float[] logits = {1.2f, 1, 0.9f, -1, 0.4f, 0, 1.1f, -0.5f, 0.2f, 0.3f, 0, 1.4f};
    Path file = write(new NpzFile().floats("logits", "(3, 1, 4)", logits));
    Path tokens = tokens("<blank>\n<space>\ng\no\n");
    JsonNode outputs =
        utterance(
                Cli.run(
                        "decode",
                        file,
                        "--beam",
                        "99",
                        "--nbest",
                        "5",
                        "--tokens",
                        tokens,
                        "--json")
                    .json())
            .get("outputs");
    HashSet<String> texts = new HashSet<>();
    double before = 0;
    for (JsonNode output : outputs) {
      assertTrue(texts.add(output.get("text").asText()), output.toString());
      double logProb = output.get("text_log_probability").asDouble();
      assertTrue(logProb <= before && logProb >= output.get("log_probability").asDouble() - 1e-12);
      before = logProb;
    }
    assertEquals(5, texts.size());
  }

  @Test
  @DisplayName("Byte order marks are no part of token files and transcripts")
  void byteOrderMarks() throws Exception {
    Path file = write(peaked(3, 2, 0, 1, 0));
    Path tokens = tokens("\ufeff<blank>\nf\ng\n");
    assertEquals("g f", decoded(file, tokens));
    assertEquals(List.of(2, 1), aligned(file, tokens, "\ufeffg f"));
  }

  @Test
  @DisplayName("Tables may have blanks and carriage returns after the number")
  void tables() throws Exception {
    Path file = write(peaked(3, 2, 0, 1));
    assertEquals("g f", decoded(file, tokens("<eps> 0 \r\nf\t1\t\r\ng 2\r\n")));
    Cli.run("decode", file, "--tokens", tokens("<eps> 0\nf 1\ng\n")).refused("line 3", "'g'");
  }

  @Test
  @DisplayName("A transcript may have the vocabulary's own separator")
  void separator() throws Exception {
    Path file = write(peaked(4, 2, 0, 1, 3, 0, 3, 0));
    Path tokens = json("{\"<pad>\": 0, \"|\": 1, \"A\": 2, \"L\": 3}");
    assertEquals(List.of(2, 1, 3, 3), aligned(file, tokens, "A|LL"));
    assertEquals(List.of(2, 1, 3, 3), aligned(file, tokens, " A  LL "));
  }

  @Test
  @DisplayName("The longest piece may lead nowhere; what has no spelling is refused")
  void deadEnd() throws Exception {
    Path file = write(peaked(5, 3, 0, 4, 0));
    Path tokens = tokens("<blk> 0\ni 1\n▁win 2\n▁wi 3\nnd 4\n");
    assertEquals(List.of(3, 4), aligned(file, tokens, "wind"));
    Path texts = Files.writeString(folder.resolve("texts.txt"), "winn\n");
    Cli.run("align", file, "--tokens", tokens, "--transcripts", texts)
        .refused(
            "texts.txt: utterance 0", "before 'n' at position 3 (U+006E LATIN SMALL LETTER N)");
    Files.writeString(texts, "w\u00a0i\n");
    Cli.run("align", file, "--tokens", tokens, "--transcripts", texts)
        .refused("no token of", "position 1 (U+00A0 NO-BREAK SPACE)");
  }

  @Test
  @DisplayName("An empty transcript is the empty target")
  void emptyTranscript() throws Exception {
    Path file = write(peaked(3, 0, 0));
    assertEquals(List.of(), aligned(file, tokens("<blk> 0\n▁ 1\n▁oh 2\n"), ""));
    assertEquals(List.of(), aligned(file, tokens("<unk>\noh\n##m\n"), " "));
  }

  @Test
  @DisplayName("What decode prints is what align takes, without a space among the tokens, too")
  void roundTrip() throws Exception {
    Path file = write(peaked(5, 4, 0, 1, 3, 3, 0, 2));
    Path tokens = tokens("<blank>\nER\nE\nR\nAH0\n");
    assertEquals(List.of(4, 1, 3, 2), aligned(file, tokens, decoded(file, tokens)));
  }

  @Test
  @DisplayName("A token that stands twice is no obstacle")
  void duplicates() throws Exception {
    Path file = write(peaked(4, 3, 0, 1, 2));
    Path tokens = tokens("<blank>\nw\nv\nw\n");
    assertEquals("w w v", decoded(file, tokens));
    assertEquals("wwv", decoded(file, tokens, "--joined"));
    assertEquals(List.of(1, 2), aligned(file, tokens, "w v"));
  }

  @Test
  @DisplayName("WordPiece's pieces are joined, of a list without the blank, too")
  void wordPiece() throws Exception {
    Path file = write(peaked(5, 3, 4, 1, 4, 2, 1));
    assertEquals(
        "onon lyon", decoded(file, tokens("[UNK]\n##on\nly\non\n<blank>\n"), "--blank", "4"));
    Path list = tokens("[UNK]\n##on\nly\non\n");
    Cli run = Cli.run("decode", file, "--tokens", list, "--blank", "4", "--json").succeeded();
    assertTrue(run.out().contains("\"token_format\":\"NEMO\""), run.out());
    assertTrue(run.err().contains("note: ") && run.err().contains("read as NEMO"), run.err());
    String format = "--token-format=nemo";
    assertEquals("", Cli.run("decode", file, "--tokens", list, "--blank", "4", format).err());
    Cli.run("decode", file, "--tokens", list).refused("expected 5 tokens", "got 4", "NEMO");
  }

  @Test
  @DisplayName("A vocabulary that names another blank is told of, once")
  void otherBlank() throws Exception {
    Path file = write(peaked(3, 1, 0, 1, 2));
    Path tokens = json("{\"c\": 0, \"[PAD]\": 1, \"|\": 2}");
    Cli run = Cli.run("decode", file, "--tokens", tokens).succeeded();
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("class 1 is called '[PAD]'"), run.err());
    assertTrue(run.err().contains("--blank is 0, 'c'"), run.err());
    assertEquals("", Cli.run("decode", file, "--tokens", tokens, "--blank", "1").err());
  }

  @Test
  @DisplayName("Formats and languages are named on request")
  void formats() throws Exception {
    Path file = write(peaked(4, 1, 3, 2));
    Path dictionary = tokens("|\nn\n");
    assertEquals("| n", decoded(file, dictionary, "--token-format", "paddle_ocr"));
    Path languages = json("{\"isl\": {\"<pad>\": 0, \"ð\": 1, \"þ\": 2, \"|\": 3}, \"fao\": {}}");
    assertEquals("ð þ", decoded(file, languages, "--language", "isl"));
    Cli.run("decode", file, "--tokens", languages).refused("2 languages", "isl, fao");
    Cli.run("decode", file, "--language", "isl").refused("--language: only with --tokens");
    Cli.run("decode", file, "--token-format", "nemo").refused("--token-format: only with --tokens");
    Cli.run("decode", file, "--tokens", dictionary, "--token-format", "table")
        .refused("line 1", "number of its class");
    assertEquals("ð þ", decoded(file, tokens("_\no\u0308\nþ\n \n"), "--nfc").replace('ö', 'ð'));
  }

  @Test
  @DisplayName("Fairseq's dictionary has the classes before its lines, and words by '|'")
  void fairseq() throws Exception {
    Path file = write(peaked(8, 0, 5, 0, 6, 4, 4, 0, 6, 7, 2));
    Path dictionary = tokens("| 948\nN 519\nO 384\nS 384\n");
    Cli run = Cli.run("decode", file, "--tokens", dictionary, "--json").succeeded();
    assertEquals("NO OS", utterance(run.json()).get("text").asText());
    assertEquals(2, utterance(run.json()).get("words").size());
    assertTrue(run.err().contains("read as FAIRSEQ, which has a blank"), run.err());
    Object[] named = {"decode", file, "--tokens", dictionary, "--token-format", "fairseq"};
    assertEquals("", Cli.run(named).succeeded().err());
    assertEquals(List.of(5, 6, 4, 6), aligned(file, dictionary, "NO O"));
  }

  @Test
  @DisplayName("An end of a line within a text is none of a table, and stays one in JSON")
  void lineEnds() throws Exception {
    Path file = write(peaked(5, 1, 2, 1, 3, 1));
    Path tokens = json("{\"<pad>\": 0, \"a\": 1, \"\\n\": 2, \"|\": 3, \"b\": 4}");
    for (Object[] more : new Object[][] {{}, {"--beam", 4}}) {
      List<Object> command = new ArrayList<>(List.of("decode", file, "--tokens", tokens));
      command.addAll(List.of(more));
      List<String> table = Cli.run(command.toArray()).succeeded().out().lines().toList();
      assertEquals(2, table.size(), table::toString);
      assertTrue(table.get(1).endsWith("  a\\u000aa a"), table::toString);
    }
    String text = decoded(file, tokens);
    assertEquals("a\na a", text);
    Path texts = Files.writeString(folder.resolve("said"), "a a\n");
    Cli align = Cli.run("align", file, "--tokens", tokens, "--transcripts", texts);
    assertEquals(3, align.succeeded().out().lines().count());
  }

  @Test
  @DisplayName("With --nfc references are in normal form C, too")
  void nfcOfReferences() throws Exception {
    Path file = write(peaked(5, 1, 2, 0, 3, 4, 1, 0, 3));
    Path tokens = tokens("_\ne\n\u0301\nt\n \n"); // "ét et"
    for (String said : List.of("\u00e9t et\n", "e\u0301t et\n")) {
      Path texts = Files.writeString(folder.resolve("said"), said);
      Cli run =
          Cli.run("decode", file, "--tokens", tokens, "--transcripts", texts, "--nfc", "--json");
      JsonNode errors = run.succeeded().json().get("errors");
      assertEquals("", run.err());
      for (String unit : List.of("word", "character", "label")) {
        assertEquals(0, errors.get(unit).get("rate").asDouble(), unit + " " + errors);
      }
    }
  }

  @Test
  @DisplayName("A hot word is no reason for a longer word that has it")
  void hotWords() throws Exception {
    float[] logits = new float[5 * 6];
    int[] path = {1, 2, 3, 4, 5};
    for (int t = 0; t < 5; t++) {
      logits[6 * t + path[t]] = 12;
    }
    logits[6 * 3] = 11.98f; // a blank, all but as likely as the last letter
    Path file = write(new NpzFile().floats("logits", "(5, 1, 6)", logits));
    Path tokens = tokens("<blank>\nd\no\ng\ns\n<space>\n");
    for (String hot : List.of("dog", "dogs")) {
      JsonNode json =
          Cli.run("decode", file, "--tokens", tokens, "--beam", "40", "--hot-word", hot, "--json")
              .json();
      assertEquals(hot, utterance(json).get("outputs").get(0).get("text").asText());
    }
  }

  @Test
  @DisplayName("With references decode tells error rates")
  void errorRates() throws Exception {
    NpzFile said = peaked(4, 2, 0, 3, 1, 3, 0);
    Path tokens = tokens("<blank>\n<space>\na\nb\n");
    Path file = write(said.ints("targets", "(1, 4)", 2, 1, 3, 2));
    JsonNode errors = Cli.run("decode", file, "--tokens", tokens, "--json").json().get("errors");
    assertEquals(
        "{\"rate\":0.5,\"substitutions\":0,\"insertions\":1,\"deletions\":1,\"total\":4}",
        errors.get("label").toString());
    assertEquals(errors.get("label"), errors.get("character"));
    assertEquals(1.0, errors.get("word").get("rate").asDouble());
    String table = Cli.run("decode", file, "--tokens", tokens).succeeded().out();
    assertTrue(table.contains("label error rate 50.00 %: 0 substitutions, 1 insertions"), table);
    assertEquals(
        errors,
        errors(Cli.run("decode", file, "--tokens", tokens, "--beam", "9", "--json").json()));
    Path texts = Files.writeString(folder.resolve("texts.txt"), "ab b\n");
    JsonNode right =
        Cli.run("decode", file, "--tokens", tokens, "--transcripts", texts, "--json").json();
    for (String unit : List.of("word", "character", "label")) {
      assertEquals(0, right.get("errors").get(unit).get("rate").asDouble(), unit);
    }
    Files.writeString(texts, "ab x\n");
    Cli partly =
        Cli.run("decode", file, "--tokens", tokens, "--transcripts", texts, "--json").succeeded();
    assertTrue(partly.err().contains("no label error rate"), partly.err());
    assertFalse(partly.json().get("errors").has("label"));
    assertEquals(0.5, partly.json().get("errors").get("word").get("rate").asDouble());
    JsonNode numbers = Cli.run("decode", file, "--json").json();
    assertEquals(1, numbers.get("errors").size(), "class numbers are no words");
    assertFalse(numbers.has("token_format"));
  }

  private static JsonNode errors(JsonNode json) {
    return json.get("errors");
  }

  @Test
  @DisplayName("More utterances than frames, and nothing that tells them apart, are told of")
  void swapped() throws Exception {
    Path file = write(new NpzFile().floats("logits", "(3, 8, 2)", new float[48]));
    Cli run = Cli.run("decode", file).succeeded();
    assertTrue(run.err().contains("8 utterances of 3 frames"), run.err());
    assertTrue(run.err().contains("--layout ntc"), run.err());
    assertEquals("", Cli.run("decode", file, "--layout", "ntc").succeeded().err());
    NpzFile known = new NpzFile().floats("logits", "(3, 8, 2)", new float[48]);
    known.ints("input_lengths", "(8,)", 3, 3, 3, 3, 3, 3, 3, 3);
    assertEquals("", Cli.run("decode", write(known)).succeeded().err());
  }

  @Test
  @DisplayName("Targets and lengths that go with the other axis alone are told of")
  void swappedForTargets() throws Exception {
    NpzFile padded = new NpzFile().floats("logits", "(2, 8, 3)", new float[48]);
    padded.ints("targets", "(2, 1)", 1, 2);
    String hint = "; that is what it would be with --layout ntc";
    Cli run = Cli.run("loss", write(padded));
    assertEquals(2, run.exitCode());
    assertTrue(run.err().stripTrailing().endsWith("got shape (2, 1)" + hint), run.err());
    Cli.run("loss", write(padded), "--layout", "ntc").succeeded();
    padded.ints("input_lengths", "(2,)", 8, 7);
    run = Cli.run("align", write(padded));
    assertEquals(2, run.exitCode());
    assertTrue(run.err().stripTrailing().endsWith("got 2" + hint), run.err());
    NpzFile neither = new NpzFile().floats("logits", "(2, 8, 3)", new float[48]);
    neither.ints("input_lengths", "(3,)", 2, 2, 2);
    run = Cli.run("decode", write(neither));
    assertEquals(2, run.exitCode());
    assertFalse(run.err().contains("--layout"), run.err());
  }

  @Test
  @DisplayName("Targets that cannot be references are told of and left out")
  void badReferences() throws Exception {
    for (int label : new int[] {0, -2, 4}) {
      Path file = write(peaked(4, 2, 0).ints("targets", "(1, 2)", 2, label));
      Cli run = Cli.run("decode", file, "--json").succeeded();
      assertTrue(run.err().contains("utterance 0 has label " + label), run.err());
      assertFalse(run.json().has("errors"));
    }
    Path file = write(peaked(4, 2, 0).ints("targets", "(3, 2)", 1, 1, 1, 1, 1, 1));
    assertTrue(Cli.run("decode", file).succeeded().err().contains("targets are no references"));
    assertFalse(
        Cli.run("decode", write(peaked(4, 2, 0)), "--json").succeeded().json().has("errors"));
  }
}
