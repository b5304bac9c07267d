package org.ctc4j.cli;

import java.util.List;
import java.util.Locale;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which backend computes, and on how many threads. */
final class EngineChoice {
  /** A backend by name, or the fastest that works. */
  enum Choice {
    AUTO,
    CUDA,
    CPU,
    REFERENCE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String CPU_IMPLEMENTATION = "org.ctc4j.cpu";

  /**
   * Logits and states, in all: about where both take the same time, a few seconds, from a cold
   * start.
   */
  private static final long SMALL_WORK = 200_000_000;

  @Option(
      names = "--backend",
      paramLabel = "auto|cuda|cpu|reference",
      defaultValue = "auto",
      description =
          "What computes; 'auto' is the fastest that works here, see 'ctc devices' (default:"
              + " ${DEFAULT-VALUE}).")
  Choice backend;

  @Mixin private HostThreads threads;

  /** The backend that was asked for, to compute this batch once. */
  Ctc open(CtcBatch batch) {
    return open(batch, batch.logits().classes());
  }

  /** The same for a batch of hidden states that are projected to so many classes. */
  Ctc open(CtcBatch batch, int classes) {
    preferQuickStart(batch, classes);
    return backend == Choice.AUTO
        ? Ctc.create(threads.engine())
        : open(Backend.valueOf(backend.name()));
  }

  /** A backend by name, with the threads that were asked for. */
  Ctc open(Backend named) {
    return Ctc.create(named, threads.engine());
  }

  /**
   * The Vector API is slow until the JIT compiler has seen to it, which takes longer than all of a
   * small batch takes without it. Whoever forces one implementation gets that one.
   */
  static void preferQuickStart(CtcBatch batch, long classes) {
    long work = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      long states = 2L * batch.targets().length(n) + 1;
      work += batch.inputLength(n) * (classes + states);
    }
    if (work < SMALL_WORK && System.getProperty(CPU_IMPLEMENTATION) == null) {
      System.setProperty(CPU_IMPLEMENTATION, "scalar");
    }
  }

  /** The one backend that was asked for, which must be usable, or with 'auto' all. */
  List<BackendReport> candidates() {
    if (backend == Choice.AUTO) {
      return Ctc.backends();
    }
    return Ctc.backends().stream()
        .filter(report -> report.backend().name().equals(backend.name()))
        .peek(EngineChoice::requireUsable)
        .toList();
  }

  private static void requireUsable(BackendReport report) {
    if (!report.usable()) {
      throw new BackendUnavailableException(report.backend(), report.reason());
    }
  }
}
