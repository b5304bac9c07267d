package org.ctc4j;

import java.util.List;
import java.util.Objects;
import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.host.InputCheck;
import org.ctc4j.host.Workers;

/**
 * Computes CTC losses, gradients and posteriors: for each utterance −ln p(target | input), where p
 * sums over all frame-level paths that collapse to the target (repeats merged, then blanks
 * removed), after Graves, Fernández, Gomez and Schmidhuber, "Connectionist Temporal Classification"
 * (ICML 2006).
 *
 * <pre>{@code
 * try (Ctc ctc = Ctc.create()) {
 *   CtcBatch batch = CtcBatch.of(FrameTensor.timeMajor(logits, T, N, C), Targets.of(labels));
 *   CtcResult result = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
 * }
 * }</pre>
 *
 * <p>{@link #create()} picks the fastest backend that works on this machine; {@link
 * #create(Backend)} insists on one. All backends give the same results up to rounding, and one
 * backend gives the same bits for the same input, whatever the number of threads or the order of
 * the utterances.
 *
 * <p>Logits come as they are, in a {@link CtcBatch}, or as hidden states and the projection that
 * makes logits of them, in a {@link ProjectedBatch}: then the logits are never held as a whole.
 *
 * <p>{@link ClassOffsets} of the options change what paths weigh: blank penalty, label priors. Of
 * two views of the same utterances, a {@link ConsistencyBatch}, the divergence between their
 * distributions is computed, to be trained with beside the loss.
 *
 * <p>Targets may hold {@link Wildcards}, any run of frames or of labels, and leave labels out.
 *
 * <p>Every backend treats the special cases alike:
 *
 * <ul>
 *   <li>Frames t ≥ input length are never read, and their gradient is exactly 0.
 *   <li>An empty target has loss −Σ<sub>t</sub> ln p(t, blank); without frames, too, the loss is 0.
 *   <li>A target that cannot fit (frames &lt; labels + repeats) has loss +Infinity and gradient 0;
 *       see {@link CtcStatus#INFEASIBLE}.
 *   <li>A logit of −Infinity is probability 0, and so is a label more than 2<sup>26</sup> nats
 *       under its frame's log-sum-exp (under 0 for log-probabilities and scores).
 *   <li>NaN or +Infinity in a used frame makes that utterance alone {@link CtcStatus#NOT_FINITE}.
 *   <li>Log-probabilities and probabilities that cannot be any are refused, see {@link InputKind}.
 *   <li>Arguments out of their range are refused with {@link InvalidInputException} before any
 *       work.
 * </ul>
 *
 * <p>Thread-safe: one engine serves calls from many threads at once, as long as each writes to a
 * {@link CtcResult} of its own. Close it when no call runs; closing twice is harmless. One that
 * nobody closes gives its threads and its device's memory back some time after it is garbage. After
 * a call an engine holds nothing that was passed to it.
 *
 * <p>Not serialisable: threads and device memory stay in their process. What is to compute in
 * another one, as a task of a cluster does, makes an engine there, once for the process and not for
 * each task; {@link EngineOptions}, {@link CtcOptions} and results travel.
 */
public abstract sealed class Ctc implements AutoCloseable permits CpuCtc, CudaCtc, ReferenceCtc {
  private static final System.Logger LOGGER = System.getLogger("org.ctc4j");

  private final Workers workers;
  private volatile boolean closed;

  /**
   * @param workers threads of the host
   */
  Ctc(Workers workers) {
    this.workers = workers;
  }

  /** The fastest engine that works here, with {@link EngineOptions#DEFAULT}. */
  public static Ctc create() {
    return create(EngineOptions.DEFAULT);
  }

  /**
   * The fastest engine that works here. A backend that seems usable and fails to start is passed
   * over, with a warning to the logger {@code org.ctc4j}.
   */
  public static Ctc create(EngineOptions options) {
    for (BackendReport report : backends()) {
      if (report.usable()) {
        try {
          return create(report.backend(), options);
        } catch (BackendUnavailableException e) {
          LOGGER.log(System.Logger.Level.WARNING, e.getMessage() + "; trying the next");
        }
      } else {
        LOGGER.log(
            System.Logger.Level.DEBUG,
            "the {0} backend cannot be used: {1}",
            report.backend(),
            report.reason());
      }
    }
    throw new AssertionError("the reference backend is always usable");
  }

  /** As {@link #create(Backend, EngineOptions)}, with {@link EngineOptions#DEFAULT}. */
  public static Ctc create(Backend backend) {
    return create(backend, EngineOptions.DEFAULT);
  }

  /**
   * An engine of the backend that is named, and of no other.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used here
   */
  public static Ctc create(Backend backend, EngineOptions options) {
    return switch (backend) {
      case REFERENCE -> new ReferenceCtc(options);
      case CPU -> new CpuCtc(options);
      case CUDA -> CudaCtc.createOnFirst(options);
    };
  }

  /** All backends, the fastest first: whether each is usable here, and why not. */
  public static List<BackendReport> backends() {
    return List.of(
        CudaCtc.report(),
        CpuCtc.report(),
        new BackendReport(Backend.REFERENCE, true, HostDevice.name(), ""));
  }

  /** Losses with {@link CtcOptions#DEFAULT}. */
  public final CtcResult loss(CtcBatch batch) {
    return loss(batch, CtcOptions.DEFAULT);
  }

  /** Losses and gradient with {@link CtcOptions#DEFAULT}. */
  public final CtcResult lossAndGradient(CtcBatch batch) {
    return lossAndGradient(batch, CtcOptions.DEFAULT);
  }

  /** Losses and posteriors of classes with {@link CtcOptions#DEFAULT}. */
  public final CtcResult posteriors(CtcBatch batch) {
    return posteriors(batch, CtcOptions.DEFAULT);
  }

  /** Losses and posteriors of states with {@link CtcOptions#DEFAULT}. */
  public final CtcResult statePosteriors(CtcBatch batch) {
    return statePosteriors(batch, CtcOptions.DEFAULT);
  }

  /** Losses, without a gradient. */
  public final CtcResult loss(CtcBatch batch, CtcOptions options) {
    return computed(batch, options, CtcResult.ofLosses(batch.utterances()));
  }

  /**
   * Losses and gradient. The gradient is allocated: of the shape and order of dimensions of the
   * logits, dense, and of type {@link #gradientType}.
   */
  public final CtcResult lossAndGradient(CtcBatch batch, CtcOptions options) {
    FrameTensor place = place(batch, batch.logits().classes());
    return computed(batch, options, CtcResult.ofGradient(place));
  }

  /**
   * Losses, and the posterior of each class at each frame. They are allocated as a gradient is: of
   * the shape and order of dimensions of the logits, dense, of type {@link #gradientType}. {@link
   * CtcResult} says what they are.
   */
  public final CtcResult posteriors(CtcBatch batch, CtcOptions options) {
    FrameTensor place = place(batch, batch.logits().classes());
    return computed(batch, options, CtcResult.ofLosses(batch.utterances()).withPosteriors(place));
  }

  /**
   * Losses, and the posterior of each state at each frame: allocated as by {@link #posteriors}, of
   * shape (T, N, 2 Lmax + 1).
   */
  public final CtcResult statePosteriors(CtcBatch batch, CtcOptions options) {
    FrameTensor place = place(batch, batch.targets().states());
    return computed(
        batch, options, CtcResult.ofLosses(batch.utterances()).withStatePosteriors(place));
  }

  private FrameTensor place(CtcBatch batch, int width) {
    return batch.logits().zerosLike(gradientType(batch.logits().elements().type()), width);
  }

  private CtcResult computed(CtcBatch batch, CtcOptions options, CtcResult result) {
    compute(batch, options, result);
    return result;
  }

  /**
   * Losses, and what else {@code result} has places for: gradient, posteriors. Into memory of the
   * caller.
   *
   * @throws InvalidInputException if an argument is out of its range; nothing was written then
   * @throws IllegalStateException if this engine is closed
   */
  public final void compute(CtcBatch batch, CtcOptions options, CtcResult result) {
    requireOpen();
    batch.check(options);
    result.check(batch);
    InputCheck.check(batch, options.input(), workers);
    CtcBatch fitting = batch.fitting();
    computeLosses(result.call(batch, fitting, options));
    result.finish(batch, fitting, options);
  }

  /** Losses with {@link CtcOptions#DEFAULT}. */
  public final ProjectedResult loss(ProjectedBatch batch) {
    return loss(batch, CtcOptions.DEFAULT);
  }

  /** Losses and gradients with {@link CtcOptions#DEFAULT}. */
  public final ProjectedResult lossAndGradient(ProjectedBatch batch) {
    return lossAndGradient(batch, CtcOptions.DEFAULT);
  }

  /**
   * Losses of a batch that is given as hidden states and a projection, without a gradient. The
   * logits are never held as a whole.
   */
  public final ProjectedResult loss(ProjectedBatch batch, CtcOptions options) {
    ProjectedResult result = ProjectedResult.ofLosses(batch.utterances());
    compute(batch, options, result);
    return result;
  }

  /**
   * Losses and the gradients with respect to hidden states, weight and, if the projection has one,
   * bias. They are allocated, dense, of type {@link #gradientType}; that of the hidden states has
   * their shape and order of dimensions.
   */
  public final ProjectedResult lossAndGradient(ProjectedBatch batch, CtcOptions options) {
    Projection projection = batch.projection();
    ElementType type = gradientType(projection.weight().type());
    ProjectedResult result =
        ProjectedResult.ofGradients(
            batch.utterances(),
            batch.hidden().zerosLike(type),
            Elements.allocate(type, projection.weight().length()),
            projection.bias() == null ? null : Elements.allocate(type, projection.classes()));
    compute(batch, options, result);
    return result;
  }

  /**
   * Losses, and those gradients that {@code result} has a place for, into memory of the caller,
   * without ever holding more than a chunk of the logits: memory beyond input and output does not
   * grow with C.
   *
   * <p>Logits are computed in float64 if the hidden states are float64, else in float32. What holds
   * for logits holds for them: one that is NaN or +Infinity, or beyond the range of what it is
   * computed in, makes its utterance {@link CtcStatus#NOT_FINITE}, and so does NaN or an infinity
   * in a used hidden state. A bias of −Infinity makes its class impossible; other weights and
   * biases that are not finite are refused.
   *
   * @param options for {@link InputKind#LOGITS}
   * @throws BackendUnavailableException if what multiplies matrices is not here, a BLAS or cuBLAS,
   *     with what to add
   * @throws InvalidInputException if an argument is out of its range; nothing was written then
   * @throws IllegalStateException if this engine is closed
   */
  public final void compute(ProjectedBatch batch, CtcOptions options, ProjectedResult result) {
    requireOpen();
    batch.check(options);
    result.check(batch);
    ProjectedBatch fitting = batch.fitting();
    computeLosses(result.call(batch, fitting, options));
    result.finish(batch, fitting, options);
  }

  /** Consistency losses of two views, without gradients. */
  public final ConsistencyResult loss(ConsistencyBatch batch) {
    ConsistencyResult result = ConsistencyResult.ofLosses(batch.utterances());
    compute(batch, ConsistencyGradient.STOPPED, result);
    return result;
  }

  /**
   * Consistency losses of two views and the gradients of both. They are allocated as a gradient of
   * {@link #lossAndGradient(CtcBatch, CtcOptions)} is.
   */
  public final ConsistencyResult lossAndGradient(ConsistencyBatch batch, ConsistencyGradient kind) {
    FrameTensor first = batch.first();
    FrameTensor second = batch.second();
    ConsistencyResult result =
        ConsistencyResult.ofGradients(
            batch.utterances(),
            first.zerosLike(gradientType(first.elements().type())),
            second.zerosLike(gradientType(second.elements().type())));
    compute(batch, kind, result);
    return result;
  }

  /**
   * Consistency losses of two views, and those gradients that {@code result} has a place for, into
   * memory of the caller.
   *
   * @throws InvalidInputException if the result's sizes are not those of the batch, or it overlaps
   *     it; nothing was written then
   * @throws IllegalStateException if this engine is closed
   */
  public final void compute(
      ConsistencyBatch batch, ConsistencyGradient kind, ConsistencyResult result) {
    requireOpen();
    Objects.requireNonNull(kind, "gradient");
    result.check(batch);
    computeConsistency(result.call(batch, kind));
    result.finish(batch);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this " + backend() + " engine is closed");
    }
  }

  /**
   * Which element type a gradient and posteriors get that are allocated here: float64 if the logits
   * are, else what the backend computes in.
   */
  public ElementType gradientType(ElementType logits) {
    return logits == ElementType.FLOAT64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
  }

  /** Which backend this is. */
  public abstract Backend backend();

  /** What it runs on, for people to read. */
  public abstract String device();

  /** Backend and device. */
  @Override
  public final String toString() {
    return "%s engine on %s".formatted(backend(), device());
  }

  /** Releases threads and memory. */
  @Override
  public void close() {
    closed = true;
  }

  /** Fills all places of the call, whose arguments have been checked. */
  abstract void computeLosses(LossCall call);

  /** The same for hidden states. */
  abstract void computeLosses(ProjectedCall call);

  /** The same for two views. */
  abstract void computeConsistency(ConsistencyCall call);
}
