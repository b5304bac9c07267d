package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.ConsistencyResult;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.NearlyCertain;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.Wildcards;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.cuda.kernels.SplitLattices;
import org.ctc4j.text.TokenScorer;

/**
 * Small cases that reach what orders threads in the kernels, for {@link SynchronisationMutations}.
 */
final class SynchronisationCases {
  private static final List<String> SHAPES =
      List.of("9x3x5x3", "20x2x300x6", "8x2x1025x3", "3x1x9000x2", "3x1x16385x2");
  private static final List<String> SEVERAL_WARPS =
      List.of("90x2x9x40", "300x1x7x140", "620x1x7x300", "900x1x5x600");
  private static final EngineOptions LITTLE = EngineOptions.DEFAULT.withWorkspaceBytes(1);
  private static final EngineOptions SEGMENTS = // a few, of 200 frames and 90 labels
      EngineOptions.DEFAULT.withWorkspaceBytes(160_000);

  private final List<Case> cases = new ArrayList<>();

  /** What runs kernels and looks at results. */
  record Case(String name, Runnable run) {}

  private SynchronisationCases() {}

  static List<Case> all() {
    SynchronisationCases all = new SynchronisationCases();
    all.addModels();
    all.addSeveralBlocks();
    all.addBatches();
    all.addWildcards();
    all.addSearches();
    return all.cases;
  }

  private void add(String name, Runnable run) {
    cases.add(new Case(name, run));
  }

  private void addBatches() {
    for (String shape : SHAPES) {
      for (ElementType type : ElementType.values()) {
        add(shape + " " + type, () -> compare(shape, type, EngineOptions.DEFAULT));
      }
      add(shape + ", little memory", () -> compare(shape, ElementType.FLOAT32, LITTLE));
      add(shape + ", refused", () -> refuse(shape));
    }
    for (String shape : SEVERAL_WARPS) {
      add(shape, () -> compare(shape, ElementType.FLOAT32, EngineOptions.DEFAULT));
      add(shape + ", little memory", () -> compare(shape, ElementType.FLOAT32, LITTLE));
    }
    add("projections", () -> withCuda(EngineOptions.DEFAULT, KernelCheck::checkProjections));
    add("views", () -> withCuda(EngineOptions.DEFAULT, KernelCheck::checkViews));
    for (ElementType type : ElementType.values()) {
      add("views, refused, " + type, () -> refuseViews(type));
      add("labels and frames, refused, " + type, () -> refuse(type, 1));
    }
    // products of float16 are never too large
    for (ElementType type :
        List.of(ElementType.FLOAT64, ElementType.FLOAT32, ElementType.BFLOAT16)) {
      add("projections, refused, " + type, () -> refuseProjection(type));
    }
    add("device batch", () -> KernelCheck.checkDeviceBatch(5));
  }

  /** Of states that are float64, or logarithms, and of losses that are small all the same. */
  private void addModels() {
    addModels(20, 6, 5);
    addBesideLonger(140);
    addBesideLonger(300);
    addModels(90, 6, 40);
    addModels(300, 9, 140);
    addModels(620, 12, 300);
    add("log-probabilities that are all but certain", SynchronisationCases::compareCertain);
    for (String shape : List.of("20x2x5x3", "90x1x9x40", "300x1x7x140", "620x1x7x300")) {
      add(
          "logarithms, one block, " + shape,
          () -> oneBlock(() -> compareWide(shape, EngineOptions.DEFAULT)));
      add("logarithms, little memory, " + shape, () -> compareWide(shape, LITTLE));
    }
  }

  private void addModels(int frames, int classes, int labels) {
    models(frames, classes, labels)
        .forEach(
            (model, batch) -> {
              String what = "%s, L = %d".formatted(model, labels);
              add(what, () -> compare(batch, EngineOptions.DEFAULT));
              add(
                  what + ", one block",
                  () -> oneBlock(() -> compare(batch, EngineOptions.DEFAULT)));
              add(what + ", little memory", () -> compare(batch, LITTLE));
            });
  }

  /** Few states in a launch for many. */
  private void addBesideLonger(int labels) {
    Map<String, TestBatch> batches = models(20, 6, 5);
    TestBatch wide = TestBatch.random(new Random(1), 30, 1, 5, 0, 2e7);
    wide.targets()[0] = TestBatch.randomTarget(new Random(1), 3, 5, wide.blank());
    batches.put("logarithms", wide);
    batches.forEach(
        (model, batch) ->
            add(
                "%s beside a target of %d labels".formatted(model, labels),
                () -> oneBlock(() -> compare(besideLonger(batch, labels), EngineOptions.DEFAULT))));
  }

  private void addSeveralBlocks() {
    String shape = "200x1x9x90";
    for (EngineOptions options : List.of(EngineOptions.DEFAULT, SEGMENTS)) {
      String what = "several blocks, %d bytes, ".formatted(options.workspaceBytes());
      models(200, 9, 90)
          .forEach(
              (model, batch) ->
                  add(what + model, () -> severalBlocks(() -> compare(batch, options))));
      add(what + "logarithms", () -> severalBlocks(() -> compareWide(shape, options)));
      add(what + shape, () -> severalBlocks(() -> compare(shape, ElementType.FLOAT32, options)));
    }
    add("several blocks, refused", () -> severalBlocks(() -> refuse(shape)));
  }

  /** By name, an utterance each. */
  private static Map<String, TestBatch> models(int frames, int classes, int labels) {
    TestBatch batch = NearlyCertain.rightlyOrWrongly(new Random(1), frames, classes, labels);
    TestBatch sure = only(batch, 0);
    TestBatch doubt = only(batch, 0);
    doubt.logits()[0] = doubt.logits()[0].clone();
    doubt.logits()[0][frames / 3] = new double[classes]; // float64 states no more
    Map<String, TestBatch> models = new LinkedHashMap<>();
    models.put("a sure model", sure);
    models.put("a model with one doubt", doubt);
    models.put("a model sure of another target", only(batch, 1));
    return models;
  }

  /** Where more would have to wait for each other. */
  private static void oneBlock(Runnable run) {
    Emulator.set("multiprocessors", 1);
    run.run();
  }

  private static void severalBlocks(Runnable run) {
    SplitLattices.of(
        2, // of 64 pairs
        () -> {
          run.run();
          return null;
        });
  }

  /** One utterance of a batch. */
  private static TestBatch only(TestBatch batch, int n) {
    return new TestBatch(
        Arrays.copyOfRange(batch.logits(), n, n + 1),
        Arrays.copyOfRange(batch.targets(), n, n + 1),
        Arrays.copyOfRange(batch.inputLengths(), n, n + 1),
        batch.classes(),
        batch.blank());
  }

  /** The same and another utterance, of which nothing is known but so many labels. */
  private static TestBatch besideLonger(TestBatch batch, int labels) {
    int frames = 2 * labels;
    double[][][] logits = new double[2][frames][batch.classes()];
    System.arraycopy(batch.logits()[0], 0, logits[0], 0, batch.frames());
    int[] longer = TestBatch.randomTarget(new Random(1), labels, batch.classes(), batch.blank());
    return new TestBatch(
        logits,
        new int[][] {batch.targets()[0], longer},
        new int[] {batch.frames(), frames},
        batch.classes(),
        batch.blank());
  }

  /** The loss of the first utterance, and the gradient and posteriors of all. */
  private static void compare(TestBatch batch, EngineOptions options) {
    CtcBatch numbers = batch.batch();
    CtcOptions plain = batch.options();
    try (Ctc cuda = Ctc.create(Backend.CUDA, options);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = reference.lossAndGradient(numbers, plain);
      CtcResult got = cuda.lossAndGradient(numbers, plain);
      double alone = cuda.loss(numbers, plain).loss(0);
      Agreement.assertLoss(expected.loss(0), got.loss(0), 1e-6, () -> "loss");
      Agreement.assertLoss(expected.loss(0), alone, 1e-6, () -> "loss without a gradient");
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> "gradient");
      Agreement.assertGradient(
          reference.posteriors(numbers, plain).posteriors()::get,
          cuda.posteriors(numbers, plain).posteriors(),
          1e-5,
          () -> "posteriors");
    }
  }

  /** A loss below 1e-15, of log-probabilities. */
  private static void compareCertain() {
    FrameTensor logProbs = FrameTensor.timeMajor(new double[5 * 3], 5, 1, 3);
    for (int t = 0; t < 5; t++) {
      for (int c = 0; c < 3; c++) {
        logProbs.set(t, 0, c, c == new int[] {0, 1, 0, 2, 0}[t] ? 0 : -40);
      }
    }
    CtcBatch batch = CtcBatch.of(logProbs, Targets.of(new int[][] {{1, 2}}), new int[] {5});
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
    try (Ctc cuda = Ctc.create(Backend.CUDA);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = reference.lossAndGradient(batch, options);
      CtcResult got = cuda.lossAndGradient(batch, options);
      assertEquals(expected.loss(0), got.loss(0), 1e-15);
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> "gradient");
    }
  }

  /** Of labels so improbable that exponents could overflow. */
  private static void compareWide(String shape, EngineOptions options) {
    withCuda(
        options,
        cuda -> {
          try (CtcAligner aligner = CtcAligner.create(Backend.CUDA, options)) {
            KernelCheck.check(cuda, aligner, shape, ElementType.FLOAT32, 1e7);
          }
        });
  }

  private static void withCuda(EngineOptions options, Consumer<Ctc> check) {
    try (Ctc cuda = Ctc.create(Backend.CUDA, options)) {
      check.accept(cuda);
    }
  }

  private static void compare(String shape, ElementType type, EngineOptions options) {
    try (Ctc cuda = Ctc.create(Backend.CUDA, options);
        CtcAligner aligner = CtcAligner.create(Backend.CUDA, options)) {
      KernelCheck.check(cuda, aligner, shape, type, 3);
    }
  }

  /** A NaN in the last class of the last frame: one thread of a block finds it. */
  private static void refuse(String shape) {
    Workload workload = Workload.random(Shape.of(shape), 3, 1);
    int last = workload.targets().length - 1;
    workload.logits()[workload.logits().length - 1] = Float.NaN;
    CtcBatch batch = workload.batch();
    try (Ctc cuda = Ctc.create(Backend.CUDA);
        CtcAligner aligner = CtcAligner.create(Backend.CUDA)) {
      assertEquals(CtcStatus.NOT_FINITE, cuda.lossAndGradient(batch).status(last), "loss");
      assertEquals(CtcStatus.NOT_FINITE, aligner.align(batch).get(last).status(), "alignment");
      ConsistencyBatch views = ConsistencyBatch.of(batch.logits(), batch.logits());
      assertEquals(CtcStatus.NOT_FINITE, cuda.loss(views).status(last), "consistency");
    }
  }

  /** The last class alone is wrong, and possible in one view alone. */
  private static void refuseViews(ElementType type) {
    int classes = 1100; // several warps
    FrameTensor first =
        FrameTensor.timeMajor(ProjectionCase.allocate(type, 2 * 3 * classes), 2, 3, classes);
    FrameTensor second = first.zerosLike(type);
    first.set(1, 0, classes - 1, Double.NaN);
    second.set(1, 1, classes - 1, Double.NEGATIVE_INFINITY);
    withCuda(
        EngineOptions.DEFAULT,
        cuda -> {
          ConsistencyResult got = cuda.loss(ConsistencyBatch.of(first, second));
          assertEquals(CtcStatus.NOT_FINITE, got.status(0));
          assertEquals(CtcStatus.INFEASIBLE, got.status(1));
          assertEquals(CtcStatus.OK, got.status(2));
        });
  }

  private static void refuseProjection(ElementType type) {
    ProjectionCase one = ProjectionCase.tooLarge(type);
    withCuda(
        EngineOptions.DEFAULT,
        cuda -> {
          ProjectedResult got = one.room();
          cuda.compute(one.batch(), one.options(), got);
          assertEquals(CtcStatus.NOT_FINITE, got.status(0), type::toString);
        });
  }

  private void addWildcards() {
    add("wildcards, refused", () -> refuse(ElementType.FLOAT32, Wildcards.FRAMES));
    for (double skipCost : new double[] {2, Double.POSITIVE_INFINITY}) {
      addWildcards(7, 32, 3, skipCost);
      addWildcards(50, 32, 40, skipCost);
      addWildcards(7, 32, 300, skipCost);
      addWildcards(7, 3, 300, skipCost); // sums over many of one label
      addWildcards(7, 32, 600, skipCost); // trees that are not in shared memory
    }
  }

  private void addWildcards(int frames, int classes, int labels, double skipCost) {
    CtcBatch batch = KernelCheck.withWildcards(frames, classes, labels, skipCost);
    for (EngineOptions options : List.of(EngineOptions.DEFAULT, LITTLE)) {
      String what =
          "wildcards, C = %d, L = %d, skip cost %s, %d bytes"
              .formatted(classes, labels, skipCost, options.workspaceBytes());
      add(what, () -> withCuda(options, cuda -> KernelCheck.checkWildcards(cuda, batch, 0, what)));
      add(
          "paths, " + what,
          () -> {
            try (CtcAligner aligner = CtcAligner.create(Backend.CUDA, options)) {
              KernelCheck.checkWildcardPaths(aligner, batch, what);
            }
          });
    }
  }

  /** Labels and frames that are wrong, where one thread of a block finds it; and too few frames. */
  private static void refuse(ElementType type, int firstLabel) {
    int size = 40; // frames, and labels
    int classes = 5;
    double[][][] logProbs = new double[5][size][classes];
    int[][] targets = new int[5][size];
    int[] lengths = new int[5];
    for (int n = 0; n < 5; n++) {
      for (double[] frame : logProbs[n]) {
        Arrays.fill(frame, -Math.log(classes));
      }
      Arrays.setAll(targets[n], i -> i == 0 ? firstLabel : 1 + i % 4);
      lengths[n] = size;
    }
    targets[0][size - 1] = classes;
    logProbs[1][size - 1][2] = Double.NaN;
    logProbs[2][size - 2][2] = 0.5;
    lengths[3] = size / 2;
    int[] expected = {
      DeviceResult.BAD_LABEL,
      DeviceResult.NOT_FINITE,
      DeviceResult.BAD_LOG_PROBS,
      DeviceResult.INFEASIBLE,
      DeviceResult.OK
    };
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
    try (CudaCtc cuda = CudaCtc.create(0, EngineOptions.DEFAULT);
        CudaAligner aligner = CudaAligner.create(0, EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            TestBatch host = new TestBatch(logProbs, targets, lengths, classes, 0);
            try (DeviceTestBatch device = new DeviceTestBatch(host);
                Stream stream = new Stream()) {
              long address = StreamAddress.of(stream.handle());
              DeviceArrays arrays = device.arrays;
              FrameTensor logits = host.fill(host.timeMajor().zerosLike(type));
              DeviceBatch plain = device.batch;
              DeviceBatch batch =
                  new DeviceBatch(
                      DeviceTensor.timeMajor(arrays.of(logits.elements()), type, 5, classes),
                      size,
                      5,
                      classes,
                      plain.targets().withWildcards(Wildcards.DEFAULT),
                      plain.inputLengths());
              cuda.enqueue(batch, options, device.result, address);
              stream.await(() -> "the losses");
              assertArrayEquals(expected, device.statuses(), "losses");
              DevicePaths paths =
                  new DevicePaths(
                      arrays.allocate(4L * 5 * size),
                      arrays.allocate(8L * 5 * size),
                      arrays.allocate(8 * 5),
                      arrays.allocate(4 * 5));
              aligner.enqueue(batch, options, paths, address);
              stream.await(() -> "the paths");
              assertArrayEquals(expected, DeviceArrays.ints(paths.statuses(), 5), "paths");
            }
          });
    }
  }

  private void addSearches() {
    add("decoding", KernelCheck::checkDecoding);
    add("beams of several warps", () -> search(random(10, 6, 1), beam(128, 40)));
    add("many candidates", () -> search(random(5, 140, 0.1), beam(128, 128)));
    add("three warps", () -> search(random(5, 140, 0.1), beam(80, 128)));
    add("a range", () -> search(random(10, 300, 3), beam(33, 5).withBeamThreshold(6)));
    add("a model that is sure", () -> search(sure(), beam(1, 2)));
    add("prefixes come back", () -> search(sure(), beam(4, 40)));
    // a beam of one prefix leaves that of the most probable path, which has the better output
    double[] start = {0.35, 0.4, 0.25};
    double[] then = {0.3, 0.3, 0.4};
    add("greedy output, longer", () -> search(probable(start, then, then), beam(1, 3)));
    double[] one = {0.005, 0.99, 0.005};
    double[] ends = {0.484, 0.514, 0.002};
    double[] other = {0.05, 0.5, 0.45};
    double[] stays = {0.52, 0.45, 0.03};
    add("greedy output, shorter", () -> search(probable(one, ends, other, stays), beam(1, 3)));
    TestBatch ties =
        new TestBatch(new double[3][2][140], new int[3][0], new int[] {2, 1, 0}, 140, 7);
    add("ties", () -> search(ties, beam(100, 128), KernelCheck.scorer(140, 0, 0)));
  }

  private static BeamOptions beam(int width, int top) {
    return BeamOptions.DEFAULT.withBeamWidth(width).withTopClasses(top).withNBest(5);
  }

  private static TestBatch random(int frames, int classes, double deviation) {
    return TestBatch.random(new Random(1), frames, 2, classes, 0, deviation);
  }

  /** Of a model that is sure of most frames. */
  private static TestBatch sure() {
    Random random = new Random(1);
    TestBatch batch = TestBatch.random(random, 80, 2, 8, 0, 1);
    for (double[][] utterance : batch.logits()) {
      for (double[] row : utterance) {
        row[random.nextInt(3) > 0 ? batch.blank() : random.nextInt(8)] += 5;
      }
    }
    return batch;
  }

  /** An utterance with these probabilities of three classes, the first of which is the blank. */
  private static TestBatch probable(double[]... frames) {
    double[][] logits =
        Arrays.stream(frames)
            .map(frame -> Arrays.stream(frame).map(Math::log).toArray())
            .toArray(double[][]::new);
    return new TestBatch(new double[][][] {logits}, new int[1][0], new int[] {frames.length}, 3, 0);
  }

  private static void search(TestBatch batch, BeamOptions beam) {
    search(batch, beam, KernelCheck.scorer(batch.classes(), 0.5, 0.2));
  }

  private static void search(TestBatch batch, BeamOptions beam, TokenScorer scorer) {
    FrameTensor logits = batch.timeMajor();
    int[] lengths = batch.inputLengths();
    CtcDecoder cpu = CtcDecoder.create();
    try (CudaDecoder cuda = CudaDecoder.create(0, EngineOptions.DEFAULT);
        CudaTokenScorer there = CudaTokenScorer.create(0, scorer)) {
      for (InputKind input : List.of(InputKind.LOGITS, InputKind.SCORES)) {
        CtcOptions options = batch.options().withInput(input);
        assertEquals(
            KernelCheck.labels(cpu.beamSearch(logits, lengths, options, beam)),
            KernelCheck.labels(cuda.beamSearch(logits, lengths, options, beam)),
            input::toString);
        assertEquals(
            KernelCheck.labels(cpu.beamSearch(logits, lengths, options, beam, scorer)),
            KernelCheck.labels(cuda.beamSearch(logits, lengths, options, beam, there)),
            () -> input + ", with a model");
      }
    }
  }
}
