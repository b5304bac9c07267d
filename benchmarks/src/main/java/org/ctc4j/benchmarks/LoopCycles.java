package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A walk of a recursion in machine code: a line of {@code kernels/ptx/cycles.txt}, which
 * gpu/loop_cycles.py makes.
 *
 * @param kernel its entry point
 * @param architecture "sm_90"
 * @param states "float32" with exponents of their own, or "float64"
 * @param walk 1 for the first of these in the code
 * @param cycles a frame, where a load takes 270 cycles
 */
record LoopCycles(String kernel, String architecture, String states, int walk, double cycles) {
  static List<LoopCycles> read(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith("ctc_"))
        .map(LoopCycles::of)
        .toList();
  }

  private static LoopCycles of(String line) {
    String[] words = line.trim().split("\\s+");
    return new LoopCycles(
        words[0], words[1], words[2], Integer.parseInt(words[3]), Double.parseDouble(words[9]));
  }
}
