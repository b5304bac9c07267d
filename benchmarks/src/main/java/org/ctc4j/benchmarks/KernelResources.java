package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What one kernel takes of a multiprocessor: a line of {@code kernels/ptx/resources.txt}.
 *
 * @param kernel its entry point
 * @param architecture "sm_90"
 * @param registers of a thread
 * @param sharedBytes of a block
 * @param stackBytes of a thread
 * @param spillBytes loaded and stored for want of registers
 */
record KernelResources(
    String kernel,
    String architecture,
    int registers,
    int sharedBytes,
    int stackBytes,
    int spillBytes) {
  private static final int REGISTERS = 65536; // of a multiprocessor
  private static final int MOST_BLOCKS = 32;
  private static final int MOST_WARPS = 64;
  private static final int RESERVED_SHARED_BYTES = 1024; // of a block

  static List<KernelResources> read(Path file) throws IOException {
    return Files.readAllLines(file).stream().skip(1).map(KernelResources::of).toList();
  }

  private static KernelResources of(String line) {
    String[] words = line.trim().split("\\s+");
    return new KernelResources(
        words[0],
        words[1],
        Integer.parseInt(words[2]),
        Integer.parseInt(words[3]),
        Integer.parseInt(words[4]),
        Integer.parseInt(words[5]));
  }

  /** Of how many a multiprocessor holds at once, by registers, shared memory, blocks and warps. */
  int blocks(int threads) {
    int warps = (threads + 31) / 32;
    int registersOfWarp = (registers + 7) / 8 * 8 * 32;
    int byRegisters = REGISTERS / (registersOfWarp * warps);
    int byShared = sharedBytesOfMultiprocessor() / (sharedBytes + RESERVED_SHARED_BYTES);
    return Math.min(Math.min(byRegisters, byShared), Math.min(MOST_BLOCKS, MOST_WARPS / warps));
  }

  /** Warps at once, of the most that a multiprocessor could hold. */
  double occupancy(int threads) {
    return (double) blocks(threads) * ((threads + 31) / 32) / MOST_WARPS;
  }

  private int sharedBytesOfMultiprocessor() {
    return switch (architecture) {
      case "sm_80" -> 164 << 10;
      case "sm_90" -> 228 << 10;
      default -> throw new IllegalArgumentException("expected sm_80 or sm_90, got " + architecture);
    };
  }
}
