package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.TestBatch;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
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

  private final List<Case> cases = new ArrayList<>();

  /** What runs kernels and looks at results. */
  record Case(String name, Runnable run) {}

  private SynchronisationCases() {}

  static List<Case> all() {
    SynchronisationCases all = new SynchronisationCases();
    all.addBatches();
    all.addWildcards();
    all.addSearches();
    return all.cases;
  }

  private void add(String name, Runnable run) {
    cases.add(new Case(name, run));
  }

  private void addBatches() {
    String pair = "200x1x9x90";
    add(
        "several blocks, " + pair,
        () ->
            SplitLattices.of(
                2, // of 64 pairs
                () -> {
                  compare(pair, ElementType.FLOAT32, EngineOptions.DEFAULT);
                  return null;
                }));
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
    add("device batch", () -> KernelCheck.checkDeviceBatch(5));
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

  private void addWildcards() {
    for (EngineOptions options : List.of(EngineOptions.DEFAULT, LITTLE)) {
      for (int labels : new int[] {3, 40, 300, 600}) {
        for (double skipCost : new double[] {2, Double.POSITIVE_INFINITY}) {
          add(
              "wildcards, L = %d, skip cost %s".formatted(labels, skipCost),
              () ->
                  withCuda(
                      options, cuda -> KernelCheck.checkWildcards(cuda, 7, labels, skipCost, 0)));
          add(
              "paths with wildcards, L = %d, skip cost %s".formatted(labels, skipCost),
              () -> {
                try (CtcAligner aligner = CtcAligner.create(Backend.CUDA, options)) {
                  KernelCheck.checkWildcardPaths(aligner, 7, labels, skipCost);
                }
              });
        }
      }
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
