package org.ctc4j;

import java.io.NotSerializableException;
import java.io.Serial;
import java.io.Serializable;
import java.util.concurrent.Executor;

/**
 * How an engine works on the host. Results do not depend on it, in any bit. Immutable; serialisable
 * as long as there is no executor.
 *
 * @param threads how many threads work on one call, the calling one included, in [1, 8192]
 * @param workspaceBytes how many bytes one call may use for its recursions, beyond input and
 *     output, as long as a slower way with less memory exists; ≥ 1
 * @param executor runs the other threads − 1 of a call, or null for threads of the engine's. It
 *     stays the caller's: no engine closes it. No call waits for it either: what it starts late or
 *     refuses, the calling thread does
 */
public record EngineOptions(int threads, long workspaceBytes, Executor executor)
    implements Serializable {
  /** All processors, 1 GiB of workspace, threads of the engine's. */
  public static final EngineOptions DEFAULT =
      new EngineOptions(Runtime.getRuntime().availableProcessors(), 1L << 30, null);

  /** More than any host has processors: each is a thread, with a stack. */
  private static final int MOST_THREADS = 1 << 13;

  public EngineOptions {
    BeamOptions.requireOneOrMore("threads", threads);
    if (threads > MOST_THREADS) {
      throw new InvalidInputException(
          "threads: expected at most %d, got %d".formatted(MOST_THREADS, threads));
    }
    if (workspaceBytes < 1) {
      throw new InvalidInputException("workspace: expected 1 byte or more, got " + workspaceBytes);
    }
  }

  @Serial
  private Object writeReplace() throws NotSerializableException {
    if (executor != null) {
      throw new NotSerializableException(
          "executor: it lives in one process; write withExecutor(null), and give one where the engine is made");
    }
    return this;
  }

  public EngineOptions withThreads(int value) {
    return new EngineOptions(value, workspaceBytes, executor);
  }

  public EngineOptions withWorkspaceBytes(long value) {
    return new EngineOptions(threads, value, executor);
  }

  /**
   * @param value null for threads of the engine's
   */
  public EngineOptions withExecutor(Executor value) {
    return new EngineOptions(threads, workspaceBytes, value);
  }
}
