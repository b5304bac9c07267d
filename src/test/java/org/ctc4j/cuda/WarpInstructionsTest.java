package org.ctc4j.cuda;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.ConsistencyGradient;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaDecoder;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How many instructions of PTX the warps of each kernel execute: exact, so that a change of kernels
 * shows what it costs. {@code -Dctc4j.renew=true} writes the table anew.
 */
@Emulated
@Tag("ptx-alone")
class WarpInstructionsTest {
  private static final Path TABLE = Path.of("src/test/resources/org/ctc4j/cuda/instructions.txt");
  private static final String HEAD =
      "# Instructions of PTX that warps execute in a call: shape T x N x C x L, kernel, all, for"
          + " each frame of each utterance\n";

  /** A tier of classes each, and each number of labels a lane. */
  private static final List<String> SHAPES =
      List.of(
          "8x2x32x3",
          "8x2x64x3",
          "8x2x128x3",
          "8x2x256x3",
          "8x2x1024x3",
          "8x2x1025x3",
          "8x2x5000x3",
          "4x2x10241x3",
          "4x2x32000x3",
          "200x1x9x20",
          "400x1x9x150",
          "800x1x9x300");

  private static final String SPLIT = "400x1x9x150";

  private static final List<String> DECODED = List.of("50x2x32x5", "4x2x5000x3");

  /** Classes and labels of the suite's shapes, of flat and of peaked logits. */
  private static final List<String> SUITE =
      List.of(
          "150x1x28x40",
          "60x1x5000x20",
          "160x1x32x80",
          "120x1x1024x60",
          "600x1x64x400",
          "80x1x32000x40",
          "60x1x10241x29");

  @Test
  @DisplayName("Kernels execute as many instructions as they did")
  void count() throws IOException {
    Emulator.set("multiprocessors", 1); // none is split
    String whole =
        SHAPES.stream().map(WarpInstructionsTest::linesOf).collect(joining("", HEAD, ""));
    Emulator.set("multiprocessors", 4);
    String split =
        linesOf(SPLIT).lines().filter(line -> line.contains("_split_")).collect(joining("\n"));
    String decoded = DECODED.stream().map(WarpInstructionsTest::decodingOf).collect(joining());
    String suite = SUITE.stream().map(WarpInstructionsTest::suiteOf).collect(joining());
    String table = whole + split + "\n" + decoded + suite;
    if (Boolean.getBoolean("ctc4j.renew")) {
      Files.writeString(TABLE, table);
    }
    assertEquals(Files.readString(TABLE), table, "-Dctc4j.renew=true writes " + TABLE);
  }

  private static String linesOf(String name) {
    reset();
    Shape shape = Shape.of(name);
    Workload workload = Workload.random(shape, 3, 1);
    CtcBatch batch =
        CtcBatch.of(
            workload.tensor(workload.logits()),
            Targets.of(workload.targets()),
            workload.inputLengths());
    Set<String> seen = new HashSet<>();
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
      String lines = linesOf(shape, seen);
      Emulator.resetCounts();
      ctc.posteriors(batch, CtcOptions.DEFAULT);
      lines += linesOf(shape, seen);
      Emulator.resetCounts();
      ctc.lossAndGradient(batch, CtcOptions.DEFAULT.withBlankPenalty(1));
      lines += linesOf(shape, seen);
      Emulator.resetCounts();
      FrameTensor other = workload.tensor(Workload.random(shape, 3, 2).logits());
      ctc.lossAndGradient(ConsistencyBatch.of(batch.logits(), other), ConsistencyGradient.STOPPED);
      return lines + linesOf(shape, seen);
    }
  }

  private static String suiteOf(String name) {
    Shape shape = Shape.of(name);
    return suiteOf("flat-", shape, Workload.of(shape))
        + suiteOf("peaked-", shape, Workload.peaked(shape));
  }

  private static String suiteOf(String logits, Shape shape, Workload workload) {
    reset();
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      ctc.lossAndGradient(workload.batch(), CtcOptions.DEFAULT);
    }
    return linesOf(shape, new HashSet<>())
        .lines()
        .filter(line -> line.matches(".* ctc_(frames_.*|labels|small_loss) .*"))
        .map(line -> logits + line + "\n")
        .collect(joining());
  }

  private static void reset() {
    Emulator.set("seed", 0);
    Emulator.set("approximations", 0);
    Emulator.set("checking", 0);
    Emulator.resetCounts();
  }

  private static String decodingOf(String name) {
    reset();
    Shape shape = Shape.of(name);
    Workload workload = Workload.random(shape, 3, 1);
    FrameTensor logits = workload.tensor(workload.logits());
    Set<String> seen = new HashSet<>();
    try (CudaDecoder decoder = CudaDecoder.create(0, EngineOptions.DEFAULT)) {
      decoder.greedy(logits, CtcOptions.DEFAULT);
      String lines = linesOf(shape, seen);
      Emulator.resetCounts();
      decoder.beamSearch(logits, CtcOptions.DEFAULT, BeamOptions.DEFAULT);
      return lines + linesOf(shape, seen);
    }
  }

  /** Of the kernels that were not seen before. */
  private static String linesOf(Shape shape, Set<String> seen) {
    StringBuilder lines = new StringBuilder();
    for (String line : Emulator.instructions().lines().toList()) {
      String[] words = line.split(" "); // kernel, launches, instructions
      if (seen.add(words[0])) {
        double each = Double.parseDouble(words[2]) / shape.frames() / shape.utterances();
        lines.append(
            String.format(Locale.ROOT, "%s %s %s %.1f\n", shape.name(), words[0], words[2], each));
      }
    }
    return lines.toString();
  }
}
