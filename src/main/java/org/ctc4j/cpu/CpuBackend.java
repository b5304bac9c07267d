package org.ctc4j.cpu;

import java.lang.ref.Cleaner;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CtcBatch;
import org.ctc4j.EngineOptions;
import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.host.OptionalLibrary;
import org.ctc4j.host.Unclosed;
import org.ctc4j.host.Workers;

/**
 * Batches on threads, with memory that is kept from call to call. Thread-safe: calls at the same
 * time have their own memory each, and share the threads.
 */
public final class CpuBackend implements AutoCloseable {
  private final Blas blas;
  private final Kernels kernels;
  private final Workers workers;
  private final long workspaceBytes;
  private final Pool<ForwardBackward> utterances;
  private final Pool<Scratch> scratches;
  private final Pool<LossTask> tasks;
  private final Pool<ProjectionScratch> projectionScratches;
  private final Pool<ProjectedTask> projectedTasks;
  private final Pool<ViewPair> viewPairs;
  private final Cleaner.Cleanable threads;

  /**
   * @throws org.ctc4j.BackendUnavailableException if the system property {@code org.ctc4j.cpu} asks
   *     for what cannot be had
   */
  public CpuBackend(EngineOptions options) {
    this(options, KernelChoice.get().orThrow());
  }

  CpuBackend(EngineOptions options, Kernels kernels) {
    this(options, kernels, ProjectionTiling.DEFAULT, null, LossTask.SMALL);
  }

  /**
   * @param blas what multiplies matrices, null for {@link Blas#get} once there are some
   * @param small work up to which the calling thread is left alone, see {@link LossTask#SMALL}
   */
  CpuBackend(
      EngineOptions options, Kernels kernels, ProjectionTiling tiling, Blas blas, long small) {
    this.blas = blas;
    this.kernels = kernels;
    this.workspaceBytes = options.workspaceBytes();
    this.utterances = new Pool<>(() -> new ForwardBackward(kernels));
    this.scratches = new Pool<>(() -> new Scratch(kernels.another()));
    this.tasks = new Pool<>(() -> new LossTask(utterances, scratches, small));
    this.projectionScratches = new Pool<>(() -> new ProjectionScratch(kernels.another()));
    this.projectedTasks = new Pool<>(() -> new ProjectedTask(tiling, projectionScratches));
    this.viewPairs = new Pool<>(() -> new ViewPair(kernels.another()));
    this.workers = Workers.waiting(options);
    this.threads = Unclosed.register(this, workers::close);
  }

  /** The threads that work on calls. */
  public Workers workers() {
    return workers;
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

  /** Fills all places of a call. */
  public void computeLosses(LossCall call) {
    LossTask task = tasks.take();
    task.compute(workers, call, workspaceBytes);
    tasks.give(task);
  }

  /** Fills the places of the utterances whose targets have wildcards. */
  public void computeWildcards(LossCall call) {
    workers.forEach(
        call.batch().utterances(),
        n -> {
          if (call.batch().targets().hasWildcards(n)) {
            new WildcardUtterance(call, n).compute();
          }
        });
  }

  /** Fills all places of a call on two views. */
  public void compute(ConsistencyCall call) {
    new ConsistencyTask(viewPairs, call).compute(workers);
  }

  /** The same for hidden states. */
  public void computeLosses(ProjectedCall call) {
    Blas multiplies =
        blas != null ? blas : loadedBlas(); // first: what follows mentions netlib's types
    ProjectedTask task = projectedTasks.take();
    task.compute(workers, this, multiplies, call);
    projectedTasks.give(task);
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
   * What {@link #computeLosses(LossCall)} takes for the recursions of such a batch, at most.
   *
   * @param gradient whether a gradient or posteriors are asked for
   */
  public long workspaceBytes(CtcBatch batch, boolean gradient) {
    int concurrency = LossTask.concurrency(batch.utterances(), workers.threads());
    long largest = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      if (batch.targets().hasWildcards(n)) {
        long bytes =
            WildcardUtterance.bytes(batch.inputLength(n), batch.targets().length(n), gradient);
        largest = Math.max(largest, bytes);
        continue;
      }
      LatticeMemory memory = new LatticeMemory();
      int classes = batch.logits().classes();
      long budget = workspaceBytes / concurrency;
      memory.begin(batch.inputLength(n), batch.targets().length(n), classes, gradient, budget);
      for (Resolution resolution : Resolution.values()) {
        largest = Math.max(largest, memory.divide(kernels.lanes(), resolution).bytes());
      }
    }
    return largest * concurrency;
  }

  /** Ends the threads and lets go of the memory. */
  @Override
  public void close() {
    threads.clean();
    tasks.clear();
    utterances.clear();
    scratches.clear();
    projectedTasks.clear();
    projectionScratches.clear();
    viewPairs.clear();
  }
}
