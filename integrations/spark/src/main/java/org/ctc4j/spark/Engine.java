package org.ctc4j.spark;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;

/** Losses, alignment and decoding of one backend; each is made when it is first used. */
final class Engine implements AutoCloseable {
  /**
   * @param backend which one
   * @param device of CUDA
   * @param threads of a call
   */
  record Key(Backend backend, int device, int threads) {}

  private final Key key;
  private final ExecutorService helpers; // null: calls have a thread each
  private final EngineOptions options;
  private final CtcDecoder decoder;
  private Ctc ctc; // guarded by this
  private CtcAligner aligner; // guarded by this

  Engine(Key key) {
    this.key = key;
    // calls of several tasks at once share no helper: each has as many as Spark gave its task
    // processors
    helpers = key.threads == 1 ? null : Executors.newCachedThreadPool(Engine::daemon);
    options = EngineOptions.DEFAULT.withThreads(key.threads).withExecutor(helpers);
    decoder = CtcDecoder.create(options);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "ctc4j-spark");
    thread.setDaemon(true);
    return thread;
  }

  CtcResult loss(CtcBatch batch, CtcOptions ctcOptions) {
    return ctc().loss(batch, ctcOptions);
  }

  List<CtcPath> align(CtcBatch batch, CtcOptions ctcOptions) {
    return aligner().align(batch, ctcOptions);
  }

  CtcDecoder decoder() {
    return decoder;
  }

  private synchronized Ctc ctc() {
    if (ctc == null) {
      ctc =
          key.backend == Backend.CUDA
              ? CudaCtc.create(key.device, options)
              : Ctc.create(key.backend, options);
    }
    return ctc;
  }

  private synchronized CtcAligner aligner() {
    if (aligner == null) {
      aligner =
          key.backend == Backend.CUDA
              ? CudaAligner.create(key.device, options)
              : CtcAligner.create(key.backend, options);
    }
    return aligner;
  }

  @Override
  public String toString() {
    return key.toString();
  }

  /** When no call runs. */
  @Override
  public synchronized void close() {
    if (ctc != null) {
      ctc.close();
    }
    if (aligner != null) {
      aligner.close();
    }
    if (helpers != null) {
      helpers.shutdown();
    }
  }
}
