package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
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
    Explanation e = Explanation.of(batch, 0, CtcOptions.DEFAULT, tokens);
    assertEquals(4, e.rowNames().length, "two classes, blank, all others");
    assertEquals("2", e.otherNames()[3]);
    for (int t = 0; t < 7; t++) {
      double p = 0;
      double gradient = 0;
      for (int row = 0; row < 4; row++) {
        p += e.probability()[t][row];
        gradient += e.gradient()[t][row];
      }
      assertEquals(1, p, 1e-12);
      assertEquals(0, gradient, 1e-12);
      double posterior = 0;
      for (int s = 0; s < e.states(); s++) {
        posterior += e.posterior()[t][s];
        assertEquals(e.posterior()[t][s] > 0, e.isReachable(t, s), "t " + t + ", s " + s);
      }
      assertEquals(1, posterior, 1e-12);
    }
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
