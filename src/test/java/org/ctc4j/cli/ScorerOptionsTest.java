package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Language model, lexicon and hot words of {@code ctc decode}, on the sample of speech. */
class ScorerOptionsTest {
  @TempDir Path folder;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private static String text(JsonNode json, int n) {
    return json.get("utterances").get(n).get("outputs").get(0).get("text").asText();
  }

  private Path words() throws IOException {
    return file(
        "words",
        "billion\nchannel\nenter\nfollowed\nby\nkey\nmonday\nnumber\nplease\npound\nthe\n");
  }

  private Path model() throws IOException {
    return file(
        "model.arpa",
        """
        \\data\\
        ngram 1=5
        ngram 2=1

        \\1-grams:
        -99 <s>
        -1 </s>
        -1.5 monday
        -2 billion
        -3 <unk>

        \\2-grams:
        -0.25 <s> monday

        \\end\\
        """);
  }

  @Test
  @DisplayName("A language model that hardly fits what it is used with is told of")
  void misfit() throws Exception {
    String capitals = Files.readString(model()).replace("monday", "MONDAY");
    Path upper = file("upper.arpa", capitals.replace("billion", "BILLION"));
    Cli fits = Cli.run("decode", "--beam", 4, "--lm", model(), "--lexicon", words());
    assertEquals("", fits.succeeded().err());
    Cli lexicon = Cli.run("decode", "--beam", 4, "--lm", upper, "--lexicon", words());
    assertMisfit("the model has 0.0 % of the lexicon's words", lexicon);
    StringBuilder unigrams = new StringBuilder("\\data\\\nngram 1=41\n\\1-grams:\n-1 a\n");
    for (int i = 0; i < 40; i++) {
      unigrams.append("-2 W").append(i).append('\n');
    }
    Path oneWord = file("one.arpa", unigrams + "\\end\\\n");
    assertMisfit(
        "tokens spell 2.4 % of the model's words", Cli.run("decode", "--beam", 4, "--lm", oneWord));
    Cli tokens = Cli.run("decode", "--beam", 4, "--lm", oneWord, "--lm-tokens");
    assertMisfit("the model has 3.6 % of the tokens", tokens);
  }

  private static void assertMisfit(String share, Cli run) {
    assertTrue(run.succeeded().err().contains(share), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @Test
  @DisplayName("Of a lexicon's words the nearest are found, where any are near")
  void lexicon() throws Exception {
    JsonNode json = Cli.run("decode", "--beam", 100, "--lexicon", words(), "--json").json();
    assertTrue(text(json, 1).endsWith("number followed by the pound key"), text(json, 1));
    assertEquals("monday", text(json, 5));
    assertEquals("billion", text(json, 6));
    assertEquals(0, json.get("utterances").get(5).get("outputs").get(0).get("added").asDouble());
    Path twice = file("spelled", "monday m o n d a y\nmonday o n d a y\nbillion\n");
    JsonNode spelled = Cli.run("decode", "--beam", 100, "--lexicon", twice, "--json").json();
    assertEquals("onday", text(spelled, 5), "another spelling");
  }

  @Test
  @DisplayName("A language model makes its words likelier, and says how much it adds")
  void languageModel() throws Exception {
    String[] options = {"--lm-weight", "1", "--word-bonus", "3"};
    JsonNode json =
        Cli.run(
                "decode",
                "--beam",
                100,
                "--lm",
                model(),
                options[0],
                options[1],
                options[2],
                options[3],
                "--json")
            .json();
    assertEquals("monday", text(json, 5));
    double added = json.get("utterances").get(5).get("outputs").get(0).get("added").asDouble();
    assertEquals(3 - 1.25 * Math.log(10), added, 1e-6);
    assertTrue(Cli.run("decode", "--beam", 9, "--lm", model()).succeeded().out().contains("onday"));
    String threshold =
        Cli.run("decode", "--beam", 100, "--beam-threshold", 20, "--lexicon", words())
            .succeeded()
            .out();
    assertTrue(threshold.contains("monday"), threshold);
  }

  @Test
  @DisplayName("A model that was written gives the same; one of tokens counts every label")
  void writtenAndOfTokens() throws Exception {
    Path arpa = model();
    Path written = folder.resolve("model.lm");
    String told = Cli.run("model", arpa, "--out", written).succeeded().out().strip();
    assertEquals("2-gram model of 5 words, 6 n-grams", told);
    assertEquals(told, Cli.run("model", written).succeeded().out().strip());
    assertEquals(
        Cli.run("decode", "--beam", 100, "--lm", arpa).succeeded().out(),
        Cli.run("decode", "--beam", 100, "--lm", written).succeeded().out());
    Path letters =
        file(
            "letters.arpa",
            "\\data\\\nngram 1=3\n\n\\1-grams:\n-99 <s>\n-1 o\n-2 <unk>\n\n\\end\\\n");
    String[] options = {"--lm", letters.toString(), "--lm-tokens", "--lm-weight", "0.001"};
    JsonNode json =
        Cli.run(
                "decode",
                "--beam",
                20,
                "--json",
                options[0],
                options[1],
                options[2],
                options[3],
                options[4])
            .json();
    double log10 = 0;
    for (char letter : text(json, 5).toCharArray()) {
      log10 += letter == 'o' ? -1 : -2;
    }
    double added = json.get("utterances").get(5).get("outputs").get(0).get("added").asDouble();
    assertEquals(0.001 * log10 * Math.log(10), added, 1e-9);
  }

  @Test
  @DisplayName("Hot words of a file have bonuses of their own, and add to a model's")
  void hotWords() throws Exception {
    Path hot = file("hot", "monday\t4\nchannel number\t9\n\n");
    JsonNode json = Cli.run("decode", "--beam", 100, "--hot-words", hot, "--json").json();
    assertEquals("monday", text(json, 5));
    assertTrue(text(json, 1).contains("channel number"));
    double alone = json.get("utterances").get(5).get("outputs").get(0).get("added").asDouble();
    assertEquals(24, alone, 1e-9);
    JsonNode both =
        Cli.run(
                "decode",
                "--beam",
                100,
                "--hot-words",
                hot,
                "--lm",
                model(),
                "--word-bonus",
                0,
                "--lm-weight",
                1,
                "--json")
            .json();
    double sum = both.get("utterances").get(5).get("outputs").get(0).get("added").asDouble();
    assertEquals(24 - 1.25 * Math.log(10), sum, 1e-6);
  }

  @Test
  @DisplayName("What cannot be is refused, with file and line")
  void refused() throws Exception {
    Cli.run("decode", "--lm", model()).refused("--lm: only with --beam");
    Cli.run("decode", "--lexicon", words()).refused("--lexicon: only with --beam");
    Cli.run("decode", "--hot-words", words()).refused("--hot-words: only with --beam");
    Cli.run("decode", "--beam-threshold", 9).refused("--beam-threshold: only with --beam");
    Cli.run("decode", "--beam", 9, "--beam-threshold", 0).refused("beam threshold: expected");
    Cli.run("decode", "--beam", 9, "--lm-weight", 1).refused("--lm-weight: only with --lm");
    Cli.run("decode", "--beam", 9, "--word-bonus", 1).refused("--word-bonus: only with --lm or");
    Cli.run("decode", "--beam", 9, "--lm-tokens").refused("--lm-tokens: only with --lm");
    Cli.run("decode", "--beam", 9, "--lm", model(), "--lm-tokens", "--word-bonus", 1)
        .refused("--word-bonus: with --lm-tokens only beside --lexicon");
    Cli.run("model", model(), "--quantised").refused("--quantised: only with --out");
    Cli.run("model", words()).refused("words: no line \\data\\");
    Cli.run("decode", "--beam", 9, "--lm", words()).refused("words: no line \\data\\");
    Cli.run("decode", "--beam", 9, "--lm", folder.resolve("none")).refused("none");
    Cli.run("decode", "--beam", 9, "--lexicon", file("l", "a\nü\n")).refused("l: line 2", "'ü'");
    Cli.run("decode", "--beam", 9, "--hot-words", file("h", "a\nb\tc\n"))
        .refused("h: line 2: expected a text, or a text, a tab and a number, got 'b");
    Cli.run("decode", "--beam", 9, "--hot-words", file("e", "\n")).refused("e: expected a text");
    Cli.run("decode", "--beam", 9, "--lm", model(), "--frame-shift", 1, "--ctm", model())
        .refused("expected a file of its own", "the input");
  }
}
