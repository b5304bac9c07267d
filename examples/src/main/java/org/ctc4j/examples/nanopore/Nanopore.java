package org.ctc4j.examples.nanopore;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import org.ctc4j.examples.CtcTraining;
import org.ctc4j.examples.LearningCurve;
import org.ctc4j.examples.RunOptions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a model to call the bases of a nanopore's signal, and aligns a whole read with it. */
@Command(
    name = "examples/run nanopore",
    description = "Trains a model to call the bases of a nanopore's signal, and aligns a read.",
    sortOptions = false)
public final class Nanopore implements Callable<Integer> {
  private static final int BATCH = 16;
  private static final int SIMULATED_HELD_OUT = 32;
  private static final double LEARNED = 0.45; // random bases: 0.54

  @Option(names = "--data", required = true, hidden = true)
  private Path file;

  @Option(
      names = "--simulated",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "of the chunks to train with, 0 to 1 (default: ${DEFAULT-VALUE})")
  private double simulated;

  @Mixin private RunOptions options;

  @Spec private CommandSpec spec;

  private final Random random = new Random(CtcTraining.SEED);

  public static void main(String[] args) {
    System.exit(new CommandLine(new Nanopore()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    if (!(simulated >= 0 && simulated <= 1)) {
      throw new ParameterException(
          spec.commandLine(), "--simulated: expected a share from 0 to 1, got " + simulated);
    }
    int steps = options.quick ? 300 : 4000;
    int every = options.quick ? 50 : 200;
    NanoporeRead read = NanoporeRead.read(file);
    PositionSplit split = PositionSplit.of(read);
    PoreModel pore = new PoreModel(read, split.trainingEvents());
    System.out.println("from the part to train with: " + pore);
    Chunks real = split.training();
    Scale scale = split.scale();
    List<Chunk> heldOut = split.heldOut().all();
    LearningCurve curve = new LearningCurve("base error rate");
    Shape input = new Shape(BATCH, 1, Chunks.SAMPLES);
    try (CtcTraining training =
        new CtcTraining("nanopore", BaseCaller.block(), input, steps, 3e-3f, 0)) {
      training.run(
          manager -> Chunks.batch(manager, next(real, pore), scale),
          every,
          curve,
          () -> training.errorRate(manager -> Chunks.batch(manager, heldOut, scale), 1));
      training.save(options.results);
      curve.write(options.results, "Calling the bases of a nanopore's signal");
      System.out.printf(
          Locale.ROOT,
          "base error rate %.1f %% of %d bases of %d held-out chunks, the other caller's taken as right; "
              + "%.1f %% of simulated ones; %s%n",
          100 * curve.errorRate(),
          heldOut.stream().mapToInt(chunk -> chunk.bases().length).sum(),
          heldOut.size(),
          100 * training.errorRate(manager -> Chunks.batch(manager, simulated(pore), scale), 1),
          curve.time());
      align(training, read, split);
    }
    if (curve.errorRate() > LEARNED) {
      System.err.printf("expected at most %.0f %%: it has not learned%n", 100 * LEARNED);
      return 1;
    }
    return 0;
  }

  private List<Chunk> next(Chunks real, PoreModel pore) {
    List<Chunk> chunks = new ArrayList<>();
    for (int n = 0; n < BATCH; n++) {
      boolean simulate = random.nextDouble() < simulated;
      chunks.add(simulate ? pore.simulate(Chunks.SAMPLES, random) : real.random(random));
    }
    return chunks;
  }

  /** Always the same, and none that was trained with. */
  private static List<Chunk> simulated(PoreModel pore) {
    Random random = new Random(CtcTraining.SEED + 1);
    List<Chunk> chunks = new ArrayList<>();
    for (int n = 0; n < SIMULATED_HELD_OUT; n++) {
      chunks.add(pore.simulate(Chunks.SAMPLES, random));
    }
    return chunks;
  }

  private void align(CtcTraining training, NanoporeRead read, PositionSplit split)
      throws IOException {
    Chunk whole = new Chunk(read.signal(), read.bases());
    float[] logits =
        training.logits(manager -> Chunks.batch(manager, List.of(whole), split.scale()));
    ReadAlignment alignment = ReadAlignment.of(logits, read.bases());
    int[] called = read.baseStarts();
    ReadAlignment.Distance distance = alignment.distance(called, split.boundary());
    double milliseconds = 1000 / read.rate();
    System.out.printf(
        Locale.ROOT,
        "the whole read aligned at once: %d samples as %d frames, %d bases, %.1f s; in the held-out part bases "
            + "begin %.1f ms later than the other caller has them, half of them within %.1f ms of that, "
            + "nine of ten within %.1f ms%n",
        read.signal().length,
        logits.length / BaseCaller.CLASSES,
        read.bases().length,
        alignment.seconds(),
        distance.shift() * milliseconds,
        distance.half() * milliseconds,
        distance.most() * milliseconds);
    new SignalPicture(read, split.boundary())
        .write(alignment.starts(), called, options.results.resolve("alignment.png"));
  }
}
