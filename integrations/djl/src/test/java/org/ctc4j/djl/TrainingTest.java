package org.ctc4j.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.EvaluatorTrainingListener;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Labels of two to four frames each, among frames of silence, under noise: a linear model does. */
class TrainingTest {
  private static final int FRAMES = 24;
  private static final int CLASSES = 6;
  private static final int LABELS = 4;
  private static final int RECORDS = 64;
  private static final int BATCH = 8;
  private static final CtcOptions OPTIONS = CtcOptions.DEFAULT;

  private static ArrayDataset dataset(NDManager manager, long seed) {
    Random random = new Random(seed);
    float[] data = new float[RECORDS * FRAMES * CLASSES];
    int[] targets = new int[RECORDS * LABELS];
    for (int n = 0; n < RECORDS; n++) {
      int t = 0;
      for (int i = 0; i < LABELS; i++) {
        int label = 1 + random.nextInt(CLASSES - 1);
        targets[n * LABELS + i] = label;
        t += 1 + random.nextInt(2);
        for (int last = t + 2 + random.nextInt(3); t < last; t++) {
          data[(n * FRAMES + t) * CLASSES + label] = 2;
        }
      }
    }
    for (int i = 0; i < data.length; i++) {
      data[i] += (float) (0.3 * random.nextGaussian());
    }
    return new ArrayDataset.Builder()
        .setData(manager.create(data, new Shape(RECORDS, FRAMES, CLASSES)))
        .optLabels(manager.create(targets, new Shape(RECORDS, LABELS)))
        .setSampling(BATCH, false)
        .build();
  }

  private static final class Counting extends CtcLoss {
    final AtomicInteger gradients = new AtomicInteger();
    final AtomicInteger losses = new AtomicInteger();

    Counting(Ctc ctc) {
      super(ctc, FrameLayout.BATCH_MAJOR);
    }

    @Override
    double compute(CtcBatch batch, CtcResult result) {
      (result.gradient() == null ? losses : gradients).incrementAndGet();
      return super.compute(batch, result);
    }
  }

  @Test
  @DisplayName(
      "A model learns, each batch's loss is computed once, and rates are those of the epoch")
  void learns() throws Exception {
    try (Ctc ctc = Ctc.create(Backend.CPU);
        Model model = Model.newInstance("linear")) {
      Engine.getInstance().setRandomSeed(7);
      model.setBlock(Linear.builder().setUnits(CLASSES).build());
      Counting loss = new Counting(ctc);
      CtcErrorRate labels = CtcErrorRate.labels(OPTIONS, FrameLayout.BATCH_MAJOR);
      EvaluatorTrainingListener listener = new EvaluatorTrainingListener();
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .addEvaluator(labels)
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.05f)).build())
              .addTrainingListeners(listener);
      try (Trainer trainer = model.newTrainer(config);
          NDManager manager = NDManager.newBaseManager()) {
        trainer.initialize(new Shape(BATCH, FRAMES, CLASSES));
        int epochs = 40;
        EasyTrain.fit(trainer, epochs, dataset(manager, 1), dataset(manager, 2));
        assertEquals(epochs * RECORDS / BATCH, loss.gradients.get());
        assertEquals(epochs * RECORDS / BATCH, loss.losses.get()); // of validation
        float held = listener.getLatestEvaluations().get("validate_LabelErrorRate");
        float validation = listener.getLatestEvaluations().get("validate_CtcLoss");
        System.out.println("held out: label error rate " + held + ", loss " + validation);
        assertTrue(held < 0.02, "label error rate " + held);
        assertTrue(validation < 1, "loss " + validation);
      }
    }
  }

  private static long openFiles() throws IOException {
    Path own = Path.of("/proc/self/fd");
    if (!Files.isDirectory(own)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(own)) {
      return files.count();
    }
  }

  private static void steps(Ctc ctc, NDManager manager, int steps) {
    CtcLoss loss = new CtcLoss(ctc, FrameLayout.BATCH_MAJOR);
    for (int step = 0; step < steps; step++) {
      try (NDManager batch = manager.newSubManager()) {
        NDArray logits = batch.zeros(new Shape(BATCH, 50, 32)); // 51 KB
        logits.setRequiresGradient(true);
        NDArray targets = batch.ones(new Shape(BATCH, 5), DataType.INT32);
        NDList labels = new NDList(targets);
        NDList predictions = new NDList(logits);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          collector.backward(loss.evaluate(labels, predictions));
        }
      }
    }
  }

  private static long residentKilobytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  @Test
  @DisplayName("A thousand steps leave no thread, file, array or memory behind")
  void nothingIsLeft() throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      try (Ctc ctc = Ctc.create(Backend.CPU)) {
        steps(ctc, manager, 200); // pools fill, classes are loaded and compiled
      }
      int threads = Thread.activeCount();
      long files = openFiles();
      long kilobytes = residentKilobytes();
      try (Ctc ctc = Ctc.create(Backend.CPU)) {
        steps(ctc, manager, 1000);
      }
      assertEquals(0, manager.getManagedArrays().size());
      assertTrue(Thread.activeCount() <= threads, Thread.getAllStackTraces().keySet().toString());
      assertTrue(openFiles() < files + 10, files + " open files became " + openFiles());
      // one file a step would be 1,000, and a gradient kept by each 51 MB
      long grown = residentKilobytes() - kilobytes;
      assertTrue(grown < 30_000, grown + " KB more");
    }
  }
}
