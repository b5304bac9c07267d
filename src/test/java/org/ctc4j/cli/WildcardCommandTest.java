package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WildcardCommandTest {
  @TempDir private Path folder;

  private Path transcripts(int changed, String text) throws Exception {
    List<String> texts = Sample.transcripts();
    texts.set(changed, text);
    return Files.write(folder.resolve("texts.txt"), texts);
  }

  private static JsonNode words(JsonNode answer, int n) {
    return answer.get("utterances").get(n).get("words");
  }

  @Test
  void aStarTakesWhatIsNotInTheTranscriptAndTellsIt() throws Exception {
    Path texts = transcripts(0, "the * now *");
    JsonNode whole = Cli.run("align", "--json").json();
    JsonNode answer = Cli.run("align", "--transcripts", texts, "--star", "*", "--json").json();
    JsonNode words = words(answer, 0);
    assertEquals("the * now *", answer.get("utterances").get(0).get("text").asText());
    assertEquals("*", words.get(1).get("word").asText());
    assertEquals(words(whole, 0).get(3).get("start").asInt(), words.get(2).get("start").asInt(), 2);
    JsonNode wildcards = answer.get("utterances").get(0).get("wildcards");
    assertEquals(2, wildcards.size());
    assertEquals("conference is", wildcards.get(0).get("took").asText());
    assertEquals("muted", wildcards.get(1).get("took").asText());
    assertEquals(words.get(1).get("start"), wildcards.get(0).get("start"));
    assertEquals(words.get(1).get("end"), wildcards.get(0).get("end"));
    // the others are as they were
    for (int n = 1; n < 8; n++) {
      assertEquals(whole.get("utterances").get(n), answer.get("utterances").get(n));
      assertFalse(answer.get("utterances").get(n).has("wildcards"));
    }
    String table = Cli.run("align", "--transcripts", texts, "--star", "*").succeeded().out();
    assertTrue(table.contains("*   took 'conference is'"), table);
  }

  @Test
  void aStarIsAWordInTheFilesOfTimes() throws Exception {
    Path texts = transcripts(0, "the * now muted");
    Path csv = folder.resolve("out.csv");
    Cli.run("align", "--transcripts", texts, "--star", "*", "--csv", csv).succeeded();
    assertEquals(
        List.of("the", "*", "now", "muted"),
        Files.readAllLines(csv).stream()
            .filter(line -> line.startsWith("0,"))
            .map(line -> line.split(",")[2])
            .toList());
  }

  @Test
  void charactersWithoutATokenAreAnyLabels() throws Exception {
    Path texts = transcripts(0, "the conference is n0\u00e9w muted");
    Cli.run("align", "--transcripts", texts).refused("no token of", "U+0030");
    JsonNode answer = Cli.run("align", "--transcripts", texts, "--star-unknown", "--json").json();
    JsonNode words = words(answer, 0);
    assertEquals("n*w", words.get(3).get("word").asText());
    assertEquals(5, words.size());
    assertEquals("o", answer.get("utterances").get(0).get("wildcards").get(0).get("took").asText());
  }

  @Test
  void labelsThatAreNotThereAreLeftOut() throws Exception {
    Path texts = transcripts(0, "the conference was is now muted");
    JsonNode answer = Cli.run("align", "--transcripts", texts, "--skip-cost", "2", "--json").json();
    JsonNode utterance = answer.get("utterances").get(0);
    assertEquals("the conference is now muted", utterance.get("text").asText());
    assertEquals(4, utterance.get("skipped").size());
    String table = Cli.run("align", "--transcripts", texts, "--skip-cost", "2").succeeded().out();
    assertTrue(table.contains("left out: elements [1"), table);
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() throws Exception {
    Cli.run("align", "--star", "*").refused("--star: only with --transcripts");
    Cli.run("align", "--star-unknown").refused("--star-unknown: only with --transcripts");
    Path texts = transcripts(0, "the * now muted");
    Cli.run("align", "--transcripts", texts).refused("no token of", "'*'");
    Cli.run("align", "--transcripts", texts, "--star", "two words")
        .refused("--star: expected one word");
    Cli.run("align", "--transcripts", texts, "--star-penalty", "1")
        .refused("--star-penalty: expected wildcards beside it");
    Cli.run("align", "--transcripts", texts, "--star", "*", "--skip-cost", "-1")
        .refused("skip_cost: expected a number of nats in [0, Infinity], got -1.0");
  }

  @Test
  void lossesOfTargetsWithWildcards() throws Exception {
    NpzFile npz = NpzFile.valid();
    Path plain = npz.write(folder.resolve("plain.npz"));
    Path file = npz.ints("targets", "(2, 2)", 1, -2, 3, 0).write(folder.resolve("wild.npz"));
    Cli.run("loss", file).refused("utterance 0 has label -2 at position 1, expected a class in");
    JsonNode losses = Cli.run("loss", file, "--wildcards", "--json").json().get("losses");
    JsonNode others = Cli.run("loss", plain, "--json").json().get("losses");
    assertEquals(others.get(1), losses.get(1));
    assertTrue(losses.get(0).asDouble() < others.get(0).asDouble());
    JsonNode costly =
        Cli.run("loss", file, "--wildcards", "--star-penalty", "3", "--json").json().get("losses");
    assertTrue(costly.get(0).asDouble() > losses.get(0).asDouble());
    JsonNode skipping = Cli.run("loss", plain, "--skip-cost", "1", "--json").json().get("losses");
    assertTrue(skipping.get(1).asDouble() < others.get(1).asDouble());
    JsonNode reference =
        Cli.run("loss", file, "--wildcards", "--backend", "reference", "--json")
            .json()
            .get("losses");
    assertEquals(reference.get(0).asDouble(), losses.get(0).asDouble(), 1e-9);
    Path out = folder.resolve("posteriors.npz");
    JsonNode again =
        Cli.run("posteriors", file, "--wildcards", "--out", out, "--json").json().get("losses");
    assertEquals(losses, again);
    Cli.run("loss", file, "--wildcards", "--projection", plain)
        .refused("--projection: expected neither");
  }

  @Test
  void aTargetThatDoesNotFitSaysHowManyFramesItNeeds() throws Exception {
    Path file = NpzFile.valid().write(folder.resolve("batch.npz"));
    Path texts = Files.writeString(folder.resolve("texts.txt"), "1 * 1 2 3 2 1\n3\n");
    String table = Cli.run("align", file, "--transcripts", texts, "--star", "*").succeeded().out();
    assertTrue(
        table.contains("no path is one of its target, which needs 7 frames, it has 6 frames"),
        table);
  }
}
