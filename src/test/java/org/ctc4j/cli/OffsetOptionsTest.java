package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelPriors;
import org.ctc4j.Targets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --blank-penalty}, {@code --label-priors}, {@code --prior-scale}. */
class OffsetOptionsTest {
  @TempDir private Path folder;

  private static final float[] LOG_PRIORS = {-0.5f, -2, -3, -4};

  private Path batch() throws Exception {
    return NpzFile.valid().write(folder.resolve("batch.npz"));
  }

  private Path priors() throws Exception {
    return new NpzFile().floats("priors", "(4,)", LOG_PRIORS).write(folder.resolve("priors.npz"));
  }

  /** What {@link NpzFile#valid} has. */
  private static CtcBatch valid() {
    float[] logits = new float[6 * 2 * 4];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.sin(3 * i + 1);
    }
    return CtcBatch.of(
        FrameTensor.timeMajor(logits, 6, 2, 4),
        Targets.of(new int[] {1, 2}, new int[] {3}),
        new int[] {6, 5});
  }

  private static double loss(Cli cli) throws Exception {
    return cli.succeeded().json().get("losses").get(0).asDouble();
  }

  @Test
  void losses() throws Exception {
    double plain = loss(Cli.run("loss", batch(), "--json", "--backend", "cpu"));
    double penalty =
        loss(Cli.run("loss", batch(), "--json", "--backend", "cpu", "--blank-penalty", "1.5"));
    assertNotEquals(plain, penalty);
    double got =
        loss(
            Cli.run(
                "loss",
                batch(),
                "--json",
                "--backend",
                "cpu",
                "--label-priors",
                priors(),
                "--prior-scale",
                "0.3"));
    double[] logPriors = {LOG_PRIORS[0], LOG_PRIORS[1], LOG_PRIORS[2], LOG_PRIORS[3]};
    CtcOptions options = CtcOptions.DEFAULT.withLabelPriors(LabelPriors.of(logPriors, 0.3));
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      double expected = ctc.loss(valid(), options).loss(0);
      assertEquals(expected, got, 1e-6 * Math.abs(expected));
    }
  }

  @Test
  void alignmentAndPosteriors() throws Exception {
    Cli.run("align", batch(), "--backend", "cpu", "--blank-penalty", "20", "--json").succeeded();
    Cli.run("posteriors", batch(), "--blank-penalty", "2", "--out", folder.resolve("p.npz"))
        .succeeded();
    assertTrue(Cli.run("align", "--help").succeeded().out().contains("--label-priors"));
  }

  @Test
  void refused() throws Exception {
    Cli.run("loss", batch(), "--prior-scale", "0.3")
        .refused("--prior-scale: only with --label-priors, which is missing");
    Cli.run("loss", batch(), "--label-priors", priors())
        .refused("--label-priors: only with --prior-scale, which is missing");
    Cli.run("loss", batch(), "--blank-penalty", "1e30")
        .refused("blank_penalty: expected a number of nats in [-100.0, 100.0], got 1.0E30");
    Path three =
        new NpzFile().floats("priors", "(3,)", -1, -1, -1).write(folder.resolve("three.npz"));
    Cli.run("loss", batch(), "--label-priors", three, "--prior-scale", "1")
        .refused("label_priors: expected 4, one for each class, got 3");
    Path probabilities =
        new NpzFile().floats("priors", "(2,)", 0.5f, 0.5f).write(folder.resolve("p.npz"));
    Cli.run("loss", batch(), "--label-priors", probabilities, "--prior-scale", "1")
        .refused("p.npz: label_priors: class 0 has 0.5, expected a finite logarithm");
  }
}
