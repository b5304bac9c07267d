package org.ctc4j.examples.handwriting;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.Batch;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.CosineTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.djl.CtcErrorRate;
import org.ctc4j.djl.CtcLoss;
import org.ctc4j.djl.FrameLayout;
import org.ctc4j.examples.LearningCurve;
import org.ctc4j.examples.RunOptions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model to read strings of handwritten digits. */
@Command(
    name = "examples/run handwriting",
    description = "Trains a model to read strings of handwritten digits.",
    sortOptions = false)
public final class Handwriting implements Callable<Integer> {
  private static final String HELD_OUT = "held out";
  private static final int BATCH = 32;
  private static final int HELD_OUT_STRINGS = 256;
  private static final double LEARNED = 0.5; // guessing the commonest digit is at 0.9
  private static final int SEED = 20261126;

  @Option(names = "--data", required = true, hidden = true)
  private Path sheet;

  @Mixin private RunOptions options;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Handwriting()).execute(args));
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
    int steps = options.quick ? 400 : 2400;
    int every = options.quick ? 100 : 200;
    DigitSheet digits = DigitSheet.read(sheet);
    DigitStrings training = new DigitStrings(digits, DigitSheet.numbers(false), SEED);
    Engine.getInstance().setRandomSeed(SEED);
    LearningCurve curve = new LearningCurve("character error rate");
    CtcErrorRate errors = CtcErrorRate.labels(CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR);
    try (Ctc ctc = Ctc.create();
        Model model = Model.newInstance("handwriting")) {
      model.setBlock(reader());
      CosineTracker rate =
          CosineTracker.builder()
              .setBaseValue(2e-3f)
              .optFinalValue(2e-5f)
              .setMaxUpdates(steps)
              .build();
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(new CtcLoss(ctc, FrameLayout.BATCH_MAJOR))
              .optOptimizer(Optimizer.adam().optLearningRateTracker(rate).build());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(BATCH, 1, DigitStrings.HEIGHT, 160));
        double sum = 0;
        for (int step = 1; step <= steps; step++) {
          try (Batch batch = training.batch(trainer.getManager(), BATCH)) {
            sum += step(trainer, batch);
          }
          if (step % every == 0) {
            curve.add(step, sum / every, errorRate(trainer, digits, errors));
            sum = 0;
          }
        }
        double held = curve.errorRate();
        Files.createDirectories(options.results);
        model.save(options.results, "handwriting");
        curve.write(options.results, "Reading strings of handwritten digits");
        System.out.printf(
            Locale.ROOT,
            "character error rate %.2f %% of %d held-out strings, none of whose digits was trained with; %.0f s%n",
            100 * held,
            HELD_OUT_STRINGS,
            curve.seconds());
        if (held > LEARNED) {
          System.err.printf("expected at most %.0f %%: it has not learned%n", 100 * LEARNED);
          return 1;
        }
        return 0;
      }
    }
  }

  /** One step of the optimiser; returns the batch's loss. */
  private static double step(Trainer trainer, Batch batch) {
    double loss;
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDList predictions = trainer.forward(batch.getData());
      NDArray value = trainer.getLoss().evaluate(batch.getLabels(), predictions);
      collector.backward(value);
      loss = value.getFloat();
    }
    trainer.step();
    return loss;
  }

  /** Always of the same strings. */
  private static double errorRate(Trainer trainer, DigitSheet digits, CtcErrorRate errors) {
    DigitStrings strings = new DigitStrings(digits, DigitSheet.numbers(true), SEED + 1);
    errors.resetAccumulator(HELD_OUT);
    for (int done = 0; done < HELD_OUT_STRINGS; done += BATCH) {
      try (Batch batch = strings.batch(trainer.getManager(), BATCH)) {
        NDList predictions = trainer.evaluate(batch.getData());
        errors.updateAccumulator(HELD_OUT, batch.getLabels(), predictions);
      }
    }
    return errors.getAccumulator(HELD_OUT);
  }
}
