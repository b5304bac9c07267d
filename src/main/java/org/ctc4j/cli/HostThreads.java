package org.ctc4j.cli;

import org.ctc4j.EngineOptions;
import picocli.CommandLine.Option;

/** How many threads work. */
final class HostThreads {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the host (default: all processors).")
  private Integer threads;

  EngineOptions engine() {
    return threads == null ? EngineOptions.DEFAULT : EngineOptions.DEFAULT.withThreads(threads);
  }
}
