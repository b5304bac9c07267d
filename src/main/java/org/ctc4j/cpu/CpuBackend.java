package org.ctc4j.cpu;

import java.lang.ref.Cleaner;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.host.OptionalLibrary;
import org.ctc4j.host.Posteriors;
import org.ctc4j.host.Unclosed;

/**
 * Batches on threads, with memory that is kept from call to call. Thread-safe: calls at the same
 * time have their own memory each, and share the threads.
 */
public final class CpuBackend implements AutoCloseable {
  private final Blas blas;
  private final Kernels kernels;
  private final Workers workers;
  private final long workspaceBytes;
  private final Pool<Utterance> utterances;
  private final Pool<Scratch> scratches;
  private final Pool<Call> calls;
  private final Pool<Tile> tiles;
  private final Pool<Projected> projectedCalls;
  private final Cleaner.Cleanable threads;

  /**
   * @throws org.ctc4j.BackendUnavailableException if the system property {@code org.ctc4j.cpu} asks
   *     for what cannot be had
   */
  public CpuBackend(EngineOptions options) {
    this(options, KernelChoice.get().orThrow());
  }

  CpuBackend(EngineOptions options, Kernels kernels) {
    this(options, kernels, Sizes.DEFAULT, null, Call.SMALL);
  }

  /**
   * @param blas what multiplies matrices, null for {@link Blas#get} once there are some
   * @param small work up to which the calling thread is left alone, see {@link Call#SMALL}
   */
  CpuBackend(EngineOptions options, Kernels kernels, Sizes sizes, Blas blas, long small) {
    this.blas = blas;
    this.kernels = kernels;
    this.workspaceBytes = options.workspaceBytes();
    this.utterances = new Pool<>(() -> new Utterance(kernels));
    this.scratches = new Pool<>(() -> new Scratch(kernels.another()));
    this.calls = new Pool<>(() -> new Call(utterances, scratches, small));
    this.tiles = new Pool<>(() -> new Tile(kernels.another()));
    this.projectedCalls = new Pool<>(() -> new Projected(sizes, tiles));
    this.workers = new Workers(options.threads());
    this.threads = Unclosed.register(this, workers::close);
  }

  /** How many threads work on one call, the calling one included. */
  public int threads() {
    return workers.threads();
  }

  /** Whether an engine can be made. */
  public static boolean isUsable() {
    return KernelChoice.get().kernels() != null;
  }

  /** Why not, or what would make it faster; "" if nothing. */
  public static String reason() {
    return KernelChoice.get().reason();
  }

  /** "scalar", or "vector" and how wide; "none" if unusable. */
  public static String kernels() {
    return isUsable() ? KernelChoice.get().kernels().name() : "none";
  }

  /**
   * @param weights factor of each utterance's loss in the gradient
   * @param losses output, +Infinity where infeasible
   * @param statuses output
   * @param gradient output of the shape of the logits, or null
   * @param posteriors outputs, as far as they are asked for
   */
  public void run(
      CtcBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor gradient,
      Posteriors posteriors) {
    Call call = calls.take();
    call.compute(
        workers, batch, options, weights, losses, statuses, gradient, posteriors, workspaceBytes);
    calls.give(call);
  }

  /**
   * The same of hidden states and a projection.
   *
   * @param hiddenGradient output, (T, N, D), or null
   * @param weightGradient output, (C, D), or null
   * @param biasGradient output, (C), or null
   */
  public void run(
      ProjectedBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor hiddenGradient,
      Elements weightGradient,
      Elements biasGradient) {
    Blas multiplies =
        blas != null ? blas : loadedBlas(); // first: what follows mentions netlib's types
    Projected call = projectedCalls.take();
    call.compute(
        workers,
        this,
        multiplies,
        batch,
        options,
        weights,
        losses,
        statuses,
        hiddenGradient,
        weightGradient,
        biasGradient);
    projectedCalls.give(call);
  }

  /** What multiplies matrices; loads it, if need be. */
  public static String blas() {
    return loadedBlas().name();
  }

  private static Blas loadedBlas() {
    String absence = OptionalLibrary.NETLIB.absence();
    if (!absence.isEmpty()) {
      throw new BackendUnavailableException(
          Backend.CPU, "a projection is multiplied by netlib's BLAS, and " + absence);
    }
    return Blas.get();
  }

  /**
   * What {@link #run(CtcBatch, CtcOptions, double[], double[], CtcStatus[], FrameTensor,
   * Posteriors)} takes for the recursions of such a batch, at most.
   *
   * @param gradient whether a gradient or posteriors are asked for
   */
  public long workspaceBytes(CtcBatch batch, boolean gradient) {
    int concurrency = Call.concurrency(batch.utterances(), workers.threads());
    long largest = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      for (Resolution resolution : Resolution.values()) {
        Plan plan =
            new Plan()
                .begin(
                    batch.inputLength(n),
                    batch.targets().length(n),
                    batch.logits().classes(),
                    kernels.lanes(),
                    gradient,
                    resolution,
                    workspaceBytes / concurrency);
        largest = Math.max(largest, plan.bytes());
      }
    }
    return largest * concurrency;
  }

  /** Ends the threads and lets go of the memory. */
  @Override
  public void close() {
    threads.clean();
    calls.clear();
    utterances.clear();
    scratches.clear();
    projectedCalls.clear();
    tiles.clear();
  }
}
