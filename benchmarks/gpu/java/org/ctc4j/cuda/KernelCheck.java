package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ShortBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.ConsistencyGradient;
import org.ctc4j.ConsistencyResult;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Reduction;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.ctc4j.Wildcards;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.cuda.driver.CublasLibrary;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;

/**
 * Runs every kernel once or a few times on small batches and compares with the reference: what is
 * run under compute-sanitizer, where each access takes long. With the argument {@code
 * barriers-only}, only what orders its accesses by barriers: no lattice of several warps a side,
 * which hand on labels by release and acquire, of which racecheck knows nothing. With {@code
 * device-batch}, one batch in device memory alone.
 */
public final class KernelCheck {
  private static final List<String> SHAPES =
      List.of(
          "9x3x5x3",
          "40x2x32x12",
          "60x2x40x25",
          "12x2x100x6",
          "12x2x200x6",
          "20x2x300x6",
          "8x2x1025x3",
          "5x1x16385x2");
  private static final double[] SKIP_COSTS = {2, Double.POSITIVE_INFINITY};
  private static final List<String> SEVERAL_WARPS =
      List.of("90x2x9x40", "300x1x7x140", "620x1x7x300");

  private KernelCheck() {}

  public static void main(String... arguments) {
    if (!Arrays.asList(arguments).contains("device-batch")) {
      checkHostBatches(arguments);
    }
    checkDeviceBatch(5);
  }

  static void checkHostBatches(String... arguments) {
    boolean barriersOnly = Arrays.asList(arguments).contains("barriers-only");
    EngineOptions little = EngineOptions.DEFAULT.withWorkspaceBytes(1);
    try (Ctc cuda = Ctc.create(Backend.CUDA);
        Ctc frugal = Ctc.create(Backend.CUDA, little);
        CtcAligner aligner = CtcAligner.create(Backend.CUDA, EngineOptions.DEFAULT);
        CtcAligner frugalAligner = CtcAligner.create(Backend.CUDA, little)) {
      for (String shape : SHAPES) {
        for (ElementType type : ElementType.values()) {
          check(cuda, aligner, shape, type, 3);
        }
        check(frugal, frugalAligner, shape, ElementType.FLOAT32, 3);
        check(cuda, aligner, shape, ElementType.FLOAT32, 400); // hardly a path: tiny posteriors
      }
      if (!barriersOnly) {
        for (String shape : SEVERAL_WARPS) {
          check(cuda, aligner, shape, ElementType.FLOAT32, 3);
          check(frugal, frugalAligner, shape, ElementType.FLOAT32, 3);
        }
      }
      for (ElementType type : ElementType.values()) {
        checkProbabilities(cuda, aligner, type);
      }
      checkWildcards(cuda);
      checkWildcards(frugal);
      checkWildcardPaths(aligner);
      checkWildcardPaths(frugalAligner);
      checkProjections(cuda);
      checkViews(cuda);
    }
  }

  static void checkViews(Ctc cuda) {
    for (int classes : new int[] {29, 1100}) {
      for (ElementType type : ElementType.values()) {
        FrameTensor[] views = new FrameTensor[2];
        for (int i = 0; i < 2; i++) {
          Elements numbers = zeros(type, 6 * 3 * classes);
          Random random = new Random(i);
          for (int k = 0; k < numbers.length(); k++) {
            numbers.set(k, random.nextGaussian());
          }
          views[i] = FrameTensor.timeMajor(numbers, 6, 3, classes);
        }
        ConsistencyBatch batch = ConsistencyBatch.of(views[0], views[1], new int[] {6, 0, 4});
        ConsistencyGradient kind = ConsistencyGradient.FULL;
        String what = "two views of %d classes, %s".formatted(classes, type);
        ConsistencyResult got = cuda.lossAndGradient(batch, kind);
        try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
          ConsistencyResult expected = reference.lossAndGradient(batch, kind);
          Agreement.assertLoss(expected.loss(), got.loss(), 1e-6, () -> what);
          Agreement.assertGradient(
              expected.firstGradient()::get, got.firstGradient(), 1e-5, () -> what);
          Agreement.assertGradient(
              expected.secondGradient()::get, got.secondGradient(), 1e-5, () -> what);
        }
        System.out.println("ok " + what);
      }
    }
    checkDecoding();
  }

  static void checkDecoding() {
    BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(40).withNBest(3);
    try (CudaDecoder cuda = CudaDecoder.create(0, EngineOptions.DEFAULT)) {
      CtcDecoder cpu = CtcDecoder.create();
      for (String shape : List.of("9x3x5x3", "12x2x200x6")) {
        Workload workload = Workload.random(Shape.of(shape), 3, 1);
        FrameTensor logits = workload.tensor(workload.logits());
        assertEquals(
            states(cpu.greedy(logits, CtcOptions.DEFAULT)),
            states(cuda.greedy(logits, CtcOptions.DEFAULT)),
            shape);
        assertEquals(
            labels(cpu.beamSearch(logits, CtcOptions.DEFAULT, beam)),
            labels(cuda.beamSearch(logits, CtcOptions.DEFAULT, beam)),
            shape);
        TokenScorer scorer = scorer(logits.classes(), 0.5, 0.2);
        try (CudaTokenScorer there = CudaTokenScorer.create(0, scorer)) {
          assertEquals(
              labels(cpu.beamSearch(logits, CtcOptions.DEFAULT, beam, scorer)),
              labels(cuda.beamSearch(logits, CtcOptions.DEFAULT, beam, there)),
              shape);
        }
        System.out.println("ok decoding, " + shape);
      }
    }
  }

  /** Of a 2-gram model of so many tokens. */
  static TokenScorer scorer(int classes, double weight, double bonus) {
    List<String> tokens = new ArrayList<>(List.of("<blank>"));
    StringBuilder unigrams = new StringBuilder();
    StringBuilder bigrams = new StringBuilder();
    for (int c = 1; c < classes; c++) {
      tokens.add("t" + c);
      unigrams.append("-%d.5\tt%d\t-0.%d\n".formatted(c % 3, c, c % 7));
      bigrams.append("-0.%d\tt%d t%d\n".formatted(c % 9, c, 1 + c * 7 % (classes - 1)));
    }
    String arpa =
        "\\data\\\nngram 1=%d\nngram 2=%<d\n\n\\1-grams:\n%s\n\\2-grams:\n%s\n\\end\\\n"
            .formatted(classes - 1, unigrams, bigrams);
    try {
      Path file = Files.createTempFile("tokens", ".arpa");
      try {
        NGramModel model = NGramModel.read(Files.writeString(file, arpa));
        return TokenScorer.of(model, Vocabulary.of(tokens), weight, bonus);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<List<String>> labels(List<CtcNBest> all) {
    return all.stream()
        .map(one -> one.hypotheses().stream().map(h -> Arrays.toString(h.labels())).toList())
        .toList();
  }

  static void checkProbabilities(Ctc cuda, CtcAligner aligner, ElementType type) {
    Workload workload = Workload.random(Shape.of("40x2x32x12"), 3, 1);
    FrameTensor drawn = workload.tensor(workload.logits());
    FrameTensor probabilities = drawn.zerosLike(type);
    double[] row = new double[drawn.classes()];
    for (int t = 0; t < drawn.frames(); t++) {
      for (int n = 0; n < drawn.utterances(); n++) {
        for (int c = 0; c < row.length; c++) {
          row[c] = Math.exp(drawn.get(t, n, c));
        }
        double sum = Arrays.stream(row).sum();
        for (int c = 0; c < row.length; c++) {
          probabilities.set(t, n, c, row[c] / sum);
        }
      }
    }
    CtcBatch batch =
        CtcBatch.of(probabilities, Targets.of(workload.targets()), workload.inputLengths());
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
    String what = "probabilities, " + type;
    try (Ctc reference = Ctc.create(Backend.REFERENCE);
        CtcAligner cpu = CtcAligner.create(Backend.CPU)) {
      CtcResult expected = reference.lossAndGradient(batch, options);
      CtcResult got = cuda.lossAndGradient(batch, options);
      for (int n = 0; n < batch.utterances(); n++) {
        Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
      }
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> what);
      assertEquals(states(cpu.align(batch, options)), states(aligner.align(batch, options)), what);
    }
    System.out.println("ok " + what);
  }

  static void checkWildcards(Ctc cuda) {
    for (int labels : new int[] {12, 600}) { // trees in shared memory, and not
      for (double skipCost : SKIP_COSTS) {
        CtcBatch batch = withWildcards(30, 32, labels, skipCost);
        String what = "wildcards, L = %d, skip cost %s".formatted(labels, skipCost);
        checkWildcards(cuda, batch, 0, what);
        checkWildcards(cuda, batch, 1, what + ", blank penalty");
      }
    }
  }

  static void checkWildcards(Ctc cuda, CtcBatch batch, double penalty, String what) {
    CtcOptions options = CtcOptions.DEFAULT.withBlankPenalty(penalty);
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = reference.lossAndGradient(batch, options);
      CtcResult got = cuda.lossAndGradient(batch, options);
      for (int n = 0; n < batch.utterances(); n++) {
        Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
      }
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> what);
    }
    System.out.println("ok " + what);
  }

  static void checkWildcardPaths(CtcAligner aligner) {
    for (int labels : new int[] {12, 300}) { // a tile of elements, and two
      for (double skipCost : SKIP_COSTS) {
        String what = "paths with wildcards, L = %d, skip cost %s".formatted(labels, skipCost);
        checkWildcardPaths(aligner, withWildcards(330, 32, labels, skipCost), what);
      }
    }
  }

  static void checkWildcardPaths(CtcAligner aligner, CtcBatch batch, String what) {
    CtcOptions options = CtcOptions.DEFAULT.withBlankPenalty(1);
    assertEquals(
        states(CtcAligner.create(Backend.CPU).align(batch, options)),
        states(aligner.align(batch, options)),
        what);
    System.out.println("ok " + what);
  }

  /** Two utterances, of which the second has no wildcard; labels that do not fit are left out. */
  static CtcBatch withWildcards(int frames, int classes, int labels, double skipCost) {
    Random random = new Random(labels);
    float[] logits = new float[frames * 2 * classes];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    int[][] targets = new int[2][labels];
    for (int[] target : targets) {
      Arrays.setAll(target, i -> 1 + random.nextInt(classes - 1));
    }
    targets[0][0] = Wildcards.FRAMES;
    targets[0][labels - 1] = Wildcards.LABELS;
    return CtcBatch.of(
        FrameTensor.timeMajor(logits, frames, 2, classes),
        Targets.of(targets).withWildcards(new Wildcards(0.2, 0.1, skipCost)));
  }

  static void checkProjections(Ctc cuda) {
    String reason = CublasLibrary.unavailability();
    if (!reason.isEmpty()) {
      System.out.println("no projections: " + reason);
      return;
    }
    for (ElementType type : ElementType.values()) {
      ProjectionCase one = ProjectionCase.random(new Random(1), type, 12, 3, 40, 8, 4);
      ProjectedResult got = one.room();
      cuda.compute(one.batch(), one.options(), got);
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        ProjectedResult expected = one.room();
        reference.compute(one.batch(), one.options(), expected);
        ProjectionCase.assertAgrees(expected, got, 1e-6, 1e-5, "projection, " + type);
      }
      System.out.println("ok projection, " + type);
    }
  }

  /** The one way to a loss that the device reduces; with offsets {@code ctc_reduce} does it. */
  static void checkDeviceBatch(int labels) {
    TestBatch host = TestBatch.random(new Random(1), 30, 3, 9, labels, 2);
    CtcOptions options = host.options().withReduction(Reduction.SUM).withZeroInfinity(true);
    checkDeviceBatch(host, options);
    checkDeviceBatch(host, options.withBlankPenalty(1));
    System.out.println("ok device batch");
  }

  private static void checkDeviceBatch(TestBatch host, CtcOptions options) {
    try (CudaCtc cuda = CudaCtc.create(0, EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(0);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      double expected = reference.loss(host.batch(), options).loss();
      context.whileCurrent(
          () -> {
            try (DeviceTestBatch device = new DeviceTestBatch(host);
                Stream stream = new Stream()) {
              cuda.enqueue(device.batch, options, device.result, StreamAddress.of(stream.handle()));
              stream.await(() -> "a device batch");
              Agreement.assertLoss(expected, device.reduced(), 1e-6, () -> "device batch");
            }
          });
    }
  }

  static void check(Ctc cuda, CtcAligner aligner, String name, ElementType type, double deviation) {
    Shape shape = Shape.of(name);
    Workload workload = Workload.random(shape, deviation, 1);
    // the last utterance is one that the model is sure of, walked in float64; so is the first, but
    // for a frame that leaves three labels open, for which its loss is computed twice
    int last = shape.utterances() - 1;
    FrameTensor logits =
        FrameTensor.timeMajor(
            zeros(type, workload.logits().length),
            shape.frames(),
            shape.utterances(),
            shape.classes());
    FrameTensor drawn = workload.tensor(workload.logits());
    for (int t = 0; t < shape.frames(); t++) {
      for (int n = 0; n <= last; n++) {
        for (int c = 0; c < shape.classes(); c++) {
          logits.set(t, n, c, drawn.get(t, n, c));
        }
      }
    }
    for (int n = 0; n <= last && deviation < 100; n += Math.max(1, last)) {
      int[] target = workload.targets()[n];
      for (int t = 0; t < shape.frames(); t++) {
        int label = t % 2 == 1 && t / 2 < target.length ? target[t / 2] : Workload.BLANK;
        logits.set(t, n, label, 40);
      }
      if (n < last && target.length > 1) {
        logits.set(2, n, target[0], 40);
        logits.set(2, n, target[1], 40);
      }
    }
    CtcBatch batch = CtcBatch.of(logits, Targets.of(workload.targets()), workload.inputLengths());
    CtcResult got = cuda.lossAndGradient(batch, CtcOptions.DEFAULT);
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult expected = reference.lossAndGradient(batch, CtcOptions.DEFAULT);
      String what = "%s, %s, deviation %s".formatted(name, type, deviation);
      for (int n = 0; n < batch.utterances(); n++) {
        Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
      }
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> what);
      FrameTensor posteriors = reference.posteriors(batch, CtcOptions.DEFAULT).posteriors();
      Agreement.assertGradient(
          posteriors::get,
          cuda.posteriors(batch, CtcOptions.DEFAULT).posteriors(),
          1e-5,
          () -> what + ", posteriors");
      CtcOptions penalty = CtcOptions.DEFAULT.withBlankPenalty(1);
      Agreement.assertGradient(
          reference.lossAndGradient(batch, penalty).gradient()::get,
          cuda.lossAndGradient(batch, penalty).gradient(),
          1e-5,
          () -> what + ", blank penalty");
      assertEquals(
          states(CtcAligner.create(Backend.CPU).align(batch, CtcOptions.DEFAULT)),
          states(aligner.align(batch, CtcOptions.DEFAULT)),
          () -> what + ", paths");
      System.out.println("ok " + what);
    }
  }

  /** In which state each path is, frame by frame. */
  private static List<List<Integer>> states(List<CtcPath> paths) {
    return paths.stream()
        .map(path -> IntStream.range(0, path.frames()).map(path::state).boxed().toList())
        .toList();
  }

  private static Elements zeros(ElementType type, int size) {
    return switch (type) {
      case FLOAT64 -> Elements.of(new double[size]);
      case FLOAT32 -> Elements.of(new float[size]);
      case FLOAT16 -> Elements.float16(ShortBuffer.allocate(size));
      case BFLOAT16 -> Elements.bfloat16(ShortBuffer.allocate(size));
    };
  }
}
