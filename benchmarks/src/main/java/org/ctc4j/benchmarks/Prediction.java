package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.bench.Floor;
import org.ctc4j.bench.Shape;

/**
 * What loss and gradient will take on a GPU, of what is known of the shipped kernels: cycles a
 * frame of the recursions from their machine code, instructions a row of the other stages as
 * counted, bytes and launches.
 */
final class Prediction {
  /** Instructions a cycle of a multiprocessor that issues up to four. */
  private static final double INSTRUCTIONS_A_CYCLE = 2;

  private final List<LoopCycles> loops;
  private final List<String> instructions;

  /**
   * @param ptx the folder kernels/ptx
   * @param instructions the table of instructions that warps execute
   */
  Prediction(Path ptx, Path instructions) throws IOException {
    this.loops = LoopCycles.read(ptx.resolve("cycles.txt"));
    this.instructions =
        Files.readAllLines(instructions).stream().filter(line -> !line.startsWith("#")).toList();
  }

  /**
   * A GPU, as far as predictions go.
   *
   * @param architecture of its machine code
   * @param gigahertz its clock under load
   */
  record Gpu(
      String name,
      String architecture,
      int multiprocessors,
      double gigahertz,
      double copyGigabytesPerSecond) {
    private double microseconds(double instructions) {
      return instructions / (multiprocessors * INSTRUCTIONS_A_CYCLE * gigahertz * 1e3);
    }
  }

  /** Microseconds of each part. */
  record Parts(double frames, double lattice, double labels, double launches) {
    double total() {
      return frames + lattice + labels + launches;
    }
  }

  /** Logits of the suite, and of what type the lattice's states are for them. */
  enum Logits {
    FLAT("flat", "float32"),
    PEAKED("peaked", "float64");

    final String name;
    final String states;

    Logits(String name, String states) {
      this.name = name;
      this.states = states;
    }
  }

  Parts of(Shape shape, Gpu gpu, Logits logits) {
    double rows = (double) shape.frames() * shape.utterances() * Floor.usedShare(shape);
    double bytes = Floor.bytesRead(shape) + Floor.bytesWritten(shape);
    double copying = bytes / gpu.copyGigabytesPerSecond / 1e3;
    double counting = gpu.microseconds(rows * instructions(shape, logits, "ctc_frames_"));
    LatticeChoice lattice = LatticeChoice.of(shape, gpu.multiprocessors);
    int launches = Floor.LAUNCHES + (lattice.isSplit() ? LatticeChoice.MORE_LAUNCHES : 0);
    return new Parts(
        Math.max(copying, counting),
        lattice.framesWith(shape.frames()) * cycles(lattice, gpu, logits) / gpu.gigahertz / 1e3,
        gpu.microseconds(rows * instructions(shape, logits, "ctc_labels")),
        launches * Floor.MICROSECONDS_PER_LAUNCH);
  }

  /** Half of the frames are stored, the others consumed. */
  private double cycles(LatticeChoice lattice, Gpu gpu, Logits logits) {
    return (cycles(lattice.storing(), gpu, logits) + cycles(lattice.consuming(), gpu, logits)) / 2;
  }

  private double cycles(String walk, Gpu gpu, Logits logits) {
    return loops.stream()
        .filter(loop -> "%s %d".formatted(loop.kernel(), loop.walk()).equals(walk))
        .filter(loop -> loop.states().equals(logits.states))
        .filter(loop -> loop.architecture().equals(gpu.architecture))
        .findFirst()
        .orElseThrow()
        .cycles();
  }

  /** Of a row of a shape of so many classes and labels. */
  double instructions(Shape shape, Logits logits, String kernel) {
    String sizes = "%s-\\d+x1x%dx%d".formatted(logits.name, shape.classes(), shape.labels());
    return instructions.stream()
        .map(line -> line.split(" "))
        .filter(words -> words[0].matches(sizes) && words[1].startsWith(kernel))
        .mapToDouble(words -> Double.parseDouble(words[3]))
        .findFirst()
        .orElseThrow();
  }
}
