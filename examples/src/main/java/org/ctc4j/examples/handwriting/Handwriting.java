package org.ctc4j.examples.handwriting;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
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

/** Trains a model to read strings of handwritten digits. */
@Command(
    name = "examples/run handwriting",
    description = "Trains a model to read strings of handwritten digits.",
    sortOptions = false)
public final class Handwriting implements Callable<Integer> {
  private static final int BATCH = 32;
  private static final int HELD_OUT_STRINGS = 256;
  private static final double LEARNED = 0.5; // guessing the commonest digit is at 0.9

  @Option(names = "--data", required = true, hidden = true)
  private Path sheet;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "2400",
      description =
          "of the optimiser, without --quick, a multiple of 200 (default: ${DEFAULT-VALUE})")
  private int steps;

  @Option(
      names = "--left-out",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "of the digits that transcripts to train with leave out")
  private double leftOut;

  @Option(
      names = "--wildcards",
      paramLabel = "PLACES",
      defaultValue = "none",
      description =
          "gaps: in place of digits left out; everywhere: before, between and after all others")
  private Transcripts.Stars stars;

  @Mixin private RunOptions options;
  @Spec private CommandSpec command;

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Handwriting()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  /** (N, 1, 24, W) to (N, W / 4, 11): three convolutions, their columns the frames. */
  private static Block reader() {
    SequentialBlock block = new SequentialBlock();
    int[] filters = {32, 64, 96};
    Shape[] pools = {new Shape(2, 2), new Shape(2, 2), new Shape(2, 1)};
    for (int layer = 0; layer < filters.length; layer++) {
      block
          .add(
              Conv2d.builder()
                  .setKernelShape(new Shape(3, 3))
                  .optPadding(new Shape(1, 1))
                  .setFilters(filters[layer])
                  .build())
          .add(BatchNorm.builder().build())
          .add(Activation.reluBlock())
          .add(Pool.maxPool2dBlock(pools[layer], pools[layer]));
    }
    return block
        .add(LambdaBlock.singleton(Handwriting::columns, "columns"))
        .add(Linear.builder().setUnits(128).build())
        .add(Activation.reluBlock())
        .add(Linear.builder().setUnits(DigitStrings.CLASSES).build());
  }

  /** (N, F, H, W) to (N, W, F · H). */
  private static NDArray columns(NDArray maps) {
    Shape shape = maps.getShape();
    return maps.transpose(0, 3, 1, 2)
        .reshape(shape.get(0), shape.get(3), shape.get(1) * shape.get(2));
  }

  @Override
  public Integer call() throws IOException {
    int every = options.quick ? 100 : 200;
    int steps = options.quick ? 400 : this.steps;
    require(steps > 0 && steps % every == 0, "--steps: expected a multiple of 200, got " + steps);
    require(leftOut >= 0 && leftOut < 1, "--left-out: expected a share in [0, 1), got " + leftOut);
    DigitSheet digits = DigitSheet.read(sheet);
    Transcripts transcripts = new Transcripts(leftOut, stars, CtcTraining.SEED + 2);
    DigitStrings strings =
        new DigitStrings(digits, DigitSheet.numbers(false), transcripts, CtcTraining.SEED);
    LearningCurve curve = new LearningCurve("character error rate");
    Shape input = new Shape(BATCH, 1, DigitStrings.HEIGHT, 160);
    try (CtcTraining training = new CtcTraining("handwriting", reader(), input, steps, 2e-3f, 0)) {
      training.run(
          manager -> strings.batch(manager, BATCH),
          every,
          curve,
          () -> errorRate(training, digits));
      training.save(options.results);
      curve.write(options.results, "Reading strings of handwritten digits");
    }
    double held = curve.errorRate();
    System.out.printf(
        Locale.ROOT,
        "character error rate %.2f %% of %d held-out strings, none of whose digits was trained with; %s%n",
        100 * held,
        HELD_OUT_STRINGS,
        curve.time());
    if (held > LEARNED) {
      System.err.printf("expected at most %.0f %%: it has not learned%n", 100 * LEARNED);
      return 1;
    }
    return 0;
  }

  private void require(boolean isSo, String message) {
    if (!isSo) {
      throw new ParameterException(command.commandLine(), message);
    }
  }

  /** Always of the same strings. */
  private static double errorRate(CtcTraining training, DigitSheet digits) {
    DigitStrings strings =
        new DigitStrings(digits, DigitSheet.numbers(true), Transcripts.FULL, CtcTraining.SEED + 1);
    return training.errorRate(manager -> strings.batch(manager, BATCH), HELD_OUT_STRINGS / BATCH);
  }
}
