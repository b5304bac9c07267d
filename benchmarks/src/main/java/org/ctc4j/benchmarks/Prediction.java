package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
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

  /** Of a block that has a multiprocessor for itself: twelve warps of float64 and latencies. */
  private static final double INSTRUCTIONS_A_CYCLE_OF_SMALL_LOSS = 1;

  /** Of a frame of its walk: a shuffle, a product and two sums of float64, one after the other. */
  private static final double CYCLES_OF_SMALL_LOSS = 100;

  private static final int WARPS_OF_SMALL_LOSS = 6; // of a side
  private static final int GROUP_OF_SMALL_LOSS = 8; // frames that a warp is behind the one before

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

  Parts of(Shape shape, Gpu gpu) {
    double rows = (double) shape.frames() * shape.utterances() * Floor.usedShare(shape);
    double bytes = Floor.bytesRead(shape) + Floor.bytesWritten(shape);
    double copying = bytes / gpu.copyGigabytesPerSecond / 1e3;
    double counting = gpu.microseconds(rows * frameInstructions(shape.classes()));
    LatticeChoice lattice = LatticeChoice.of(shape, gpu.multiprocessors);
    int launches = Floor.LAUNCHES + (lattice.isSplit() ? LatticeChoice.MORE_LAUNCHES : 0);
    return new Parts(
        Math.max(copying, counting),
        lattice.framesWith(shape.frames()) * cycles(lattice, gpu) / gpu.gigahertz / 1e3,
        gpu.microseconds(rows * labelInstructions(shape.labels())),
        launches * Floor.MICROSECONDS_PER_LAUNCH);
  }

  /**
   * Microseconds of {@code ctc_small_loss} where it looks at all utterances once more: one block
   * each, which has a multiprocessor for itself.
   */
  double ofSmallLoss(Shape shape, Gpu gpu) {
    int pairs = shape.labels() + 1;
    int warps = Math.min(WARPS_OF_SMALL_LOSS, LatticeChoice.ceilDiv(pairs, 32));
    int tiles = LatticeChoice.ceilDiv(pairs, 32 * warps);
    double chain = tiles * (shape.frames() + 2.0 * GROUP_OF_SMALL_LOSS * (warps - 1));
    double instructions = shape.frames() * smallLossInstructions(shape);
    double cycles =
        chain * CYCLES_OF_SMALL_LOSS + instructions / INSTRUCTIONS_A_CYCLE_OF_SMALL_LOSS;
    int turns = LatticeChoice.ceilDiv(shape.utterances(), gpu.multiprocessors);
    return turns * cycles / gpu.gigahertz / 1e3;
  }

  /** Of a frame of peaked logits of so many classes and labels. */
  private double smallLossInstructions(Shape shape) {
    String sizes = "peaked-\\d+x1x%dx%d".formatted(shape.classes(), shape.labels());
    return instructions.stream()
        .map(line -> line.split(" "))
        .filter(words -> words[0].matches(sizes))
        .mapToDouble(words -> Double.parseDouble(words[3]))
        .findFirst()
        .orElseThrow();
  }

  /** Half of the frames are stored, the others consumed. */
  private double cycles(LatticeChoice lattice, Gpu gpu) {
    return (cycles(lattice.storing(), gpu) + cycles(lattice.consuming(), gpu)) / 2;
  }

  private double cycles(String walk, Gpu gpu) {
    return loops.stream()
        .filter(loop -> "%s %d".formatted(loop.kernel(), loop.walk()).equals(walk))
        .filter(loop -> loop.architecture().equals(gpu.architecture))
        .findFirst()
        .orElseThrow()
        .cycles();
  }

  /** Of a row, by the number of classes; between those that were counted in proportion. */
  private double frameInstructions(int classes) {
    return between(counted("ctc_frames_f32_", 2), classes);
  }

  /** Of a row, by the number of labels. */
  private double labelInstructions(int labels) {
    return between(counted("ctc_labels", 3), labels);
  }

  /**
   * @param axis of T x N x C x L
   */
  private TreeMap<Integer, Double> counted(String kernel, int axis) {
    TreeMap<Integer, Double> counted = new TreeMap<>();
    for (String line : instructions) {
      String[] words = line.split(" ");
      if (words[1].startsWith(kernel)) {
        counted.put(Integer.parseInt(words[0].split("x")[axis]), Double.parseDouble(words[3]));
      }
    }
    return counted;
  }

  private static double between(TreeMap<Integer, Double> counted, int size) {
    Integer below = counted.floorKey(size);
    Integer above = counted.ceilingKey(size);
    if (below == null || above == null || below.equals(above)) {
      return counted.get(below == null || above != null ? above : below);
    }
    double share = (double) (size - below) / (above - below);
    return counted.get(below) + share * (counted.get(above) - counted.get(below));
  }
}
