package org.ctc4j.examples;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.Batch;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.CosineTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.Reduction;
import org.ctc4j.Wildcards;
import org.ctc4j.djl.CtcErrorRate;
import org.ctc4j.djl.CtcLoss;
import org.ctc4j.djl.FrameLayout;

/**
 * A model on its way: Adam, a cosine of the learning rate, seeds fixed. For use by one thread at a
 * time.
 */
public final class CtcTraining implements AutoCloseable {
  /** Of everything that is drawn. */
  public static final int SEED = 20261126;

  private static final String HELD_OUT = "held out";

  private final Ctc ctc;
  private final FollowingPriors priors;
  private final Model model;
  private final Trainer trainer;
  private final int steps;
  private CtcLoss loss;

  /** Makes batches, each the next. */
  @FunctionalInterface
  public interface BatchSource {
    /** A batch that is the caller's to close. */
    Batch next(NDManager manager);
  }

  /**
   * @param block from the batches' data to logits (N, T, C)
   * @param input shape of some data
   * @param rate learning rate at the start; a hundredth of it is left at the end
   * @param priorScale 0, or the scale of label priors, which are the model's own means
   */
  public CtcTraining(
      String name, Block block, Shape input, int steps, float rate, double priorScale) {
    this.steps = steps;
    Engine.getInstance().setRandomSeed(SEED);
    CosineTracker tracker =
        CosineTracker.builder()
            .setBaseValue(rate)
            .optFinalValue(rate / 100)
            .setMaxUpdates(steps)
            .build();
    ctc = Ctc.create(Backend.CPU); // where the logits are
    model = Model.newInstance(name);
    model.setBlock(block);
    priors = new FollowingPriors(CtcOptions.DEFAULT.withReduction(Reduction.MEAN), priorScale);
    loss = loss();
    trainer =
        model.newTrainer(
            new DefaultTrainingConfig(loss)
                .optOptimizer(Optimizer.adam().optLearningRateTracker(tracker).build()));
    trainer.initialize(input);
  }

  private CtcLoss loss() {
    return new CtcLoss(ctc, priors.options(), FrameLayout.BATCH_MAJOR, () -> Wildcards.DEFAULT);
  }

  /**
   * All steps, with a look at held-out data every so many of them.
   *
   * @param curve gets a point at each look
   */
  public void run(BatchSource batches, int every, LearningCurve curve, DoubleSupplier heldOut) {
    double sum = 0;
    for (int step = 1; step <= steps; step++) {
      try (Batch batch = batches.next(trainer.getManager())) {
        sum += step(batch);
      }
      if (step % every == 0) {
        curve.add(step, sum / every, heldOut.getAsDouble());
        sum = 0;
      }
    }
  }

  /** One step of the optimiser; returns the batch's loss, in nats a label. */
  public double step(Batch batch) {
    double value;
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDList predictions = trainer.forward(batch.getData());
      NDArray array = loss.evaluate(batch.getLabels(), predictions);
      collector.backward(array);
      value = array.getFloat();
      if (priors.add(predictions.head(), batch.getLabels())) {
        loss = loss();
      }
    }
    trainer.step();
    return value;
  }

  /** The label error rate of greedy decoding over the next batches. */
  public double errorRate(BatchSource batches, int count) {
    CtcErrorRate errors = CtcErrorRate.labels(CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR);
    errors.resetAccumulator(HELD_OUT);
    for (int i = 0; i < count; i++) {
      try (Batch batch = batches.next(trainer.getManager())) {
        errors.updateAccumulator(HELD_OUT, batch.getLabels(), trainer.evaluate(batch.getData()));
      }
    }
    return errors.getAccumulator(HELD_OUT);
  }

  /** The logits, (N, T, C), of the next batch. */
  public float[] logits(BatchSource batches) {
    try (Batch batch = batches.next(trainer.getManager())) {
      return trainer.evaluate(batch.getData()).head().toFloatArray();
    }
  }

  /** Of the loss: with its label priors, if it has any, the model's logits are aligned, too. */
  public CtcOptions lossOptions() {
    return priors.options();
  }

  /** Writes the model, with DJL's own extension. */
  public void save(Path directory) throws IOException {
    Files.createDirectories(directory);
    model.save(directory, model.getName());
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
    ctc.close();
  }
}
