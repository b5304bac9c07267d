package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process holds in memory beyond what it held before, at its highest. Linux. */
final class PeakMemory {
  private final long before;

  /** Forgets the highest so far. */
  PeakMemory() throws IOException {
    System.gc();
    Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    before = kilobytes("VmRSS:");
  }

  /** In MiB. */
  double extra() throws IOException {
    return (kilobytes("VmHWM:") - before) / 1024.0;
  }

  private static long kilobytes(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow();
  }
}
