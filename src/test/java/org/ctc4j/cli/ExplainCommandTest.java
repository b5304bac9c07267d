package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainCommandTest {
  @TempDir private Path folder;

  @Test
  void theSampleInCharactersAndAsAPicture() throws Exception {
    Path plot = folder.resolve("page.png");
    String out = Cli.run("explain", "--plot", plot).succeeded().out();
    assertTrue(out.contains("How CTC sees \"monday\""), out);
    assertTrue(out.contains("______m_______on____ddd_____________aayyy____"), out);
    assertTrue(out.contains("loss = −ln p(text) = 3.8196 nats"), out);
    BufferedImage picture = ImageIO.read(plot.toFile());
    assertTrue(picture.getWidth() > 2000 && picture.getHeight() > 1500);
    for (int n : new int[] {0, 7}) {
      Cli.run("explain", "--utterance", n, "--plot", plot).succeeded();
    }
    for (String line : out.split("\n")) {
      assertTrue(line.length() <= 120, line);
    }
  }

  @Test
  void numbersOfAnExplanation() throws Exception {
    float[] logits = new float[7 * 4];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.sin(2 * i + 1);
    }
    int[] target = {1, 1, 3};
    CtcBatch batch = CtcBatch.of(FrameTensor.timeMajor(logits, 7, 1, 4), Targets.of(target));
    Vocabulary tokens = Vocabulary.of(List.of("0", "1", "2", "3")).withBlank(0);
    Explanation e = Explanation.of(batch, 0, null, CtcOptions.DEFAULT, tokens);
    assertEquals(4, e.classes().names().length, "two classes, blank, all others");
    assertEquals("2", e.classes().otherNames()[3]);
    for (int t = 0; t < 7; t++) {
      double p = 0;
      double gradient = 0;
      for (int row = 0; row < 4; row++) {
        p += e.classes().probability()[t][row];
        gradient += e.classes().gradient()[t][row];
      }
      assertEquals(1, p, 1e-12);
      assertEquals(0, gradient, 1e-12);
      double posterior = 0;
      for (int s = 0; s < e.states().count(); s++) {
        posterior += e.states().posterior()[t][s];
        assertEquals(
            e.states().posterior()[t][s] > 0, e.states().isReachable(t, s), "t " + t + ", s " + s);
      }
      assertEquals(1, posterior, 1e-12);
    }
  }

  @Test
  void asJson() throws Exception {
    JsonNode json = Cli.run("explain", "--json").json();
    assertEquals("monday", json.get("text").asText());
    assertEquals(5, json.get("utterance").asInt());
    assertEquals(45, json.get("frames").asInt());
    assertEquals(3.8196, json.get("loss").asDouble(), 1e-4);
    assertEquals("158753389900", json.get("paths").asText());
    assertEquals(13, json.get("states").size());
    for (String array : List.of("probability", "posterior", "gradient", "path", "other")) {
      assertEquals(45, json.get(array).size(), array);
    }
    for (int t = 0; t < 45; t++) {
      double sum = 0;
      for (JsonNode p : json.get("posterior").get(t)) {
        sum += p.asDouble();
      }
      assertEquals(1, sum, 1e-9);
      assertEquals(json.get("rows").size(), json.get("gradient").get(t).size());
    }
    List<JsonNode> aligned = new ArrayList<>();
    Cli.run("align", "--json").json().at("/utterances/5/labels").forEach(aligned::add);
    for (int i = 0; i < aligned.size(); i++) {
      for (String field : List.of("label", "start", "end", "confidence")) {
        assertEquals(aligned.get(i).get(field), json.get("labels").get(i).get(field));
      }
    }
  }

  /** Every state that a path can be in, and what all rows add up to, whatever is left open. */
  @Test
  void numbersOfWildcards() throws Exception {
    Random random = Seed.random(getClass());
    Vocabulary tokens = Vocabulary.of(List.of("0", "1", "2", "3")).withBlank(0);
    for (int i = 0; i < 200; i++) {
      int frames = 4 + random.nextInt(6);
      float[] logits = new float[frames * 4];
      for (int k = 0; k < logits.length; k++) {
        logits[k] = (float) random.nextGaussian();
      }
      int[] target = new int[1 + random.nextInt(4)];
      Arrays.setAll(
          target, k -> new int[] {Wildcards.FRAMES, Wildcards.LABELS, 1, 1, 2}[random.nextInt(5)]);
      double skipCost = random.nextBoolean() ? 2 : Double.POSITIVE_INFINITY;
      Targets targets = Targets.of(target).withWildcards(new Wildcards(0.2, 0.1, skipCost));
      if (targets.leastFrames(0) > frames) {
        continue;
      }
      CtcBatch batch = CtcBatch.of(FrameTensor.timeMajor(logits, frames, 1, 4), targets);
      Explanation e = Explanation.of(batch, 0, null, CtcOptions.DEFAULT, tokens);
      String what = Arrays.toString(target) + ", " + targets.wildcards();
      assertEquals(targets.hasWildcards(0), e.isOpen());
      FrameTensor expected;
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        expected = reference.lossAndGradient(batch).gradient();
      }
      int blankRow = e.classes().names().length - 2;
      assertTrue(e.sum().shareOfBest() > 0 && e.sum().shareOfBest() < 1 + 1e-9, what);
      for (int t = 0; t < frames; t++) {
        double gradient = 0;
        for (double each : e.classes().gradient()[t]) {
          gradient += each;
        }
        assertEquals(0, gradient, 1e-12, what);
        double ofBlank = e.classes().gradient()[t][blankRow];
        assertEquals(expected.get(t, 0, 0), ofBlank, 1e-6, what + ", t " + t);
        for (int s = 0; s < e.states().count(); s++) {
          assertEquals(
              e.states().posterior()[t][s] > 0,
              e.states().isReachable(t, s),
              what + ", t " + t + ", s " + s);
        }
      }
    }
  }

  @Test
  void wildcardsAndWhatTheyTook() throws Exception {
    List<String> texts = new ArrayList<>(Sample.transcripts());
    texts.set(0, "the * now *");
    Path file = Files.write(folder.resolve("texts.txt"), texts);
    Object[] star = {"explain", "--utterance", 0, "--transcripts", file, "--star", "*"};
    Path plot = folder.resolve("page.png");
    String out = Cli.run(and(star, "--plot", plot)).succeeded().out();
    assertTrue(out.contains("How CTC sees \"the * now *\""), out);
    assertTrue(out.contains("took 'conference is'"), out);
    assertTrue(out.contains("took 'muted'"), out);
    assertTrue(out.contains("loss = −ln of what all paths weigh = "), out);
    assertTrue(ImageIO.read(plot.toFile()).getHeight() > 1500);
    JsonNode json = Cli.run(and(star, "--json")).json();
    JsonNode aligned =
        Cli.run("align", "--transcripts", file, "--star", "*", "--json").json().at("/utterances/0");
    assertEquals(aligned.at("/labels").findValuesAsText("token").size(), json.get("labels").size());
    assertTrue(json.get("labels").findValuesAsText("token").contains("*"));
    for (int i = 0; i < 2; i++) {
      for (String field : List.of("took", "start", "end", "confidence")) {
        assertEquals(
            aligned.at("/wildcards/" + i).get(field), json.at("/wildcards/" + i).get(field));
      }
    }
    assertFalse(json.has("paths"));
    JsonNode part = Cli.run(and(star, "--frames", "0:30", "--json")).json();
    assertEquals(30, part.get("frames").asInt());
    Cli.run("explain", "--star", "*").refused("--star: only with --transcripts");
    JsonNode left = Cli.run("explain", "--skip-cost", "1", "--json").json();
    assertTrue(left.has("skipped"));
  }

  private static Object[] and(Object[] arguments, Object... more) {
    return Stream.concat(Arrays.stream(arguments), Arrays.stream(more)).toArray();
  }

  /** Longer than what can be drawn. */
  @Test
  void aWindowOfALongRecording() throws Exception {
    int frames = 4000;
    float[] logits = new float[frames * 4];
    int[] target = new int[frames / 4];
    for (int t = 0; t < frames; t++) {
      int label = t % 4 == 1 ? 1 + t / 4 % 3 : 0;
      logits[4 * t + label] = 6;
      if (label > 0) {
        target[t / 4] = label;
      }
    }
    Path file =
        new NpzFile()
            .floats("logits", "(%d, 1, 4)".formatted(frames), logits)
            .ints("targets", "(1, %d)".formatted(target.length), target)
            .write(folder.resolve("long.npz"));
    Cli.run("explain", file).refused("4000 frames", "--frames FROM:TO");
    JsonNode json = Cli.run("explain", file, "--frames", "2001:2011", "--json").json();
    // label 500, cut at its only frame, and the two after it
    assertEquals("3 1 2", json.get("text").asText());
    assertEquals(10, json.get("frames").asInt());
    assertEquals(2001, json.get("first_frame").asInt());
    for (int i = 0; i < 3; i++) {
      assertEquals(2001 + 4 * i, json.get("labels").get(i).get("start").asInt());
      assertEquals(1 + (500 + i) % 3, json.get("labels").get(i).get("label").asInt());
    }
    String[][] edges = {{"2001:2009", "3 1"}, {"2002:2009", "1"}, {"2002:2010", "1 2"}};
    for (String[] edge : edges) { // labels end and begin there
      JsonNode part = Cli.run("explain", file, "--frames", edge[0], "--json").json();
      assertEquals(edge[1], part.get("text").asText());
    }
    String out = Cli.run("explain", file, "--frames", "2001:2011").succeeded().out();
    assertTrue(out.contains("frames 2001 to 2010 of 4000, as if there were no others"), out);
    Path plot = folder.resolve("page.png");
    Cli.run("explain", file, "--frames", "3990:4000", "--plot", plot).succeeded();
    assertTrue(ImageIO.read(plot.toFile()).getWidth() > 1000);
    Cli.run("explain", file, "--frames", "0:4000").refused("4000 frames");
    for (String bad :
        List.of("5:5", "7:6", "0:4001", "-1:3", "1", "a:b", "1:2:3", ":", "1:9999999999")) {
      Cli.run("explain", file, "--frames=" + bad).refused("--frames: expected FROM:TO", bad);
    }
  }

  /** Where the whole is shown it makes no difference whether it was asked for. */
  @Test
  void aWindowOfEverythingIsNone() throws Exception {
    String all = Cli.run("explain").succeeded().out();
    assertEquals(all, Cli.run("explain", "--frames", "0:45").succeeded().out());
    assertFalse(all.contains("as if there were no others"));
  }

  @Test
  void whatCannotBeDrawn() throws Exception {
    Cli.run("explain", "--utterance", "8").refused("expected a number in [0, 8), got 8");
    Cli.run("explain", "--utterance", "-1").refused("--utterance", "got -1");
    Path file =
        NpzFile.valid().ints("input_lengths", "(2,)", 1, 0).write(folder.resolve("short.npz"));
    Path plot = folder.resolve("page.png");
    Cli.run("explain", file, "--plot", plot)
        .refused("short.npz", "utterance 0: no path collapses to its target", "1 frames");
    Cli.run("explain", "--plot", folder.resolve("no").resolve("x.png"))
        .refused("there is no folder");
    assertFalse(Files.exists(plot));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
    float[] logits = new float[6 * 2 * 4];
    logits[0] = Float.POSITIVE_INFINITY;
    Path infinite =
        NpzFile.valid().floats("logits", "(6, 2, 4)", logits).write(folder.resolve("inf.npz"));
    Cli.run("explain", infinite).refused("utterance 0", "Infinity");
  }
}
