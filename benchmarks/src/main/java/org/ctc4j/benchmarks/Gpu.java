package org.ctc4j.benchmarks;

import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;

/** Prints the GPU that would be measured; exits with 1 and prints the reason if there is none. */
final class Gpu {
  private Gpu() {}

  public static void main(String[] args) {
    BackendReport cuda =
        Ctc.backends().stream()
            .filter(report -> report.backend() == Backend.CUDA)
            .findFirst()
            .orElseThrow();
    System.out.println(
        cuda.usable() ? "cuda: " + cuda.device() : "cuda: not timed, " + cuda.reason());
    System.exit(cuda.usable() ? 0 : 1);
  }
}
