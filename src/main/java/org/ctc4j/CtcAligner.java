package org.ctc4j;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.ctc4j.host.InputCheck;
import org.ctc4j.host.Workers;

/**
 * Forced alignment: for each utterance the most probable of all paths that collapse to its target,
 * after Viterbi, in float64 and the log domain.
 *
 * <pre>{@code
 * try (CtcAligner aligner = CtcAligner.create()) {
 *   for (CtcPath path : aligner.align(batch)) {
 *     for (LabelSpan span : path.spans()) { … span.label(), span.startSeconds(0.02), span.confidence() … }
 *   }
 * }
 * }</pre>
 *
 * <p>How well a label fits tells {@link LabelSpan#confidence()}; whether it was said at all, {@link
 * CtcPath#logRatio} to the path of {@link CtcDecoder#greedy}.
 *
 * <p>{@link #create()} picks the fastest backend that works on this machine, a GPU or the host's
 * processors; {@link #create(Backend)} insists on one. Whichever it is, the paths are the same, to
 * the last tie; the log-probabilities of their frames agree up to the rounding of exp and ln in
 * float64.
 *
 * <p>Input means the same as for {@link Ctc}: logits, log-probabilities, probabilities or scores,
 * any blank, any layout, −Infinity for probability 0; frames from the input length on are not read.
 * A label more than 2<sup>26</sup> nats under its frame's greatest logit (under 0 for
 * log-probabilities and scores) counts as probability 0.
 *
 * <p><b>Ties.</b> Of equally probable paths the result is the one whose last frame is in the
 * greatest state; if several are, the one whose last but one frame is in the greatest state, and so
 * on backwards. So labels begin as early as they can, and the path rather stays than moves.
 * Probabilities are compared as float64 sums, first frame to last, of x(t, c) − max<sub>k</sub>
 * x(t, k) for logits, of ln x(t, c) for probabilities and of x(t, c) otherwise: what all paths
 * share is left out, so that whole numbers, for example, tie exactly.
 *
 * <p><b>Offsets.</b> {@link CtcOptions#offsets} of the options are added to what is compared, so
 * the path is the best under the changed weights, as a model wants it that was trained with them;
 * the probabilities that a path tells stay the model's.
 *
 * <p><b>Wildcards.</b> Of targets with {@link Wildcards} it is the best sequence of states, each
 * frame with all that a wildcard may take and less its penalty; the spans of the path tell what
 * each took, {@link CtcPath#skipped} what was left out.
 *
 * <p><b>Memory.</b> No table of frames by states: about 8.5 · (TS)<sup>2/3</sup> bytes and a few
 * numbers a frame for each thread of the host, S = 2L + 1; 17 MB for T = 90,000 and L = 15,000,
 * some 12 · √T · S bytes with wildcards. Time T · S. For a GPU see {@link CudaAligner}.
 *
 * <p>Thread-safe. One on the host's processors holds nothing and need not be closed; one on a GPU
 * does: close it when no call runs. Closing twice is harmless. Not serialisable, as {@link Ctc} is
 * not, which says what to do; its paths are.
 */
public abstract sealed class CtcAligner implements AutoCloseable permits CpuAligner, CudaAligner {
  private static final System.Logger LOGGER = System.getLogger("org.ctc4j");

  private final Workers workers;
  private volatile boolean closed;

  /**
   * @param workers threads of the host
   */
  CtcAligner(Workers workers) {
    this.workers = workers;
  }

  /** The fastest that works here, with {@link EngineOptions#DEFAULT}. */
  public static CtcAligner create() {
    return create(EngineOptions.DEFAULT);
  }

  /**
   * The fastest that works here: on the first usable GPU, else on the host's processors. A GPU that
   * seems usable and fails to start is passed over, with a warning to the logger {@code org.ctc4j};
   * that there is none is logged there at level DEBUG.
   */
  public static CtcAligner create(EngineOptions options) {
    BackendReport cuda = CudaCtc.report();
    if (cuda.usable()) {
      try {
        return create(Backend.CUDA, options);
      } catch (BackendUnavailableException e) {
        LOGGER.log(System.Logger.Level.WARNING, e.getMessage() + "; aligning on the cpu");
      }
    } else {
      LOGGER.log(System.Logger.Level.DEBUG, "the cuda backend cannot be used: {0}", cuda.reason());
    }
    return create(Backend.CPU, options);
  }

  /**
   * On the backend that is named, and no other, with {@link EngineOptions#DEFAULT}.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used here
   */
  public static CtcAligner create(Backend backend) {
    return create(backend, EngineOptions.DEFAULT);
  }

  /**
   * On the backend that is named, and no other.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used here; {@link
   *     Backend#REFERENCE} does not align
   */
  public static CtcAligner create(Backend backend, EngineOptions options) {
    return switch (backend) {
      case CPU -> new CpuAligner(options);
      case CUDA -> CudaAligner.createOnFirst(options);
      case REFERENCE ->
          throw new BackendUnavailableException(
              backend, "it computes losses and gradients, not alignments; expected cuda or cpu");
    };
  }

  /** The best paths, with {@link CtcOptions#DEFAULT}. */
  public final List<CtcPath> align(CtcBatch batch) {
    return align(batch, CtcOptions.DEFAULT);
  }

  /**
   * The best path of every utterance, in order. Weights, reduction and what else concerns gradients
   * is not used.
   *
   * @param batch logits (T, N, C) and N targets, in host memory
   * @return N paths; one of an utterance that has none says why in its {@link CtcPath#status()}
   * @throws InvalidInputException if an argument is out of its range
   * @throws DeviceException if the driver of a GPU refuses; there are no paths then
   * @throws IllegalStateException if this aligner is closed
   */
  public final List<CtcPath> align(CtcBatch batch, CtcOptions options) {
    if (closed) {
      throw new IllegalStateException("this " + backend() + " aligner is closed");
    }
    Objects.requireNonNull(options, "options");
    batch.check(options);
    InputCheck.check(batch, options.input(), workers);
    CtcPath[] paths = new CtcPath[batch.utterances()];
    CtcBatch fitting = batch.fitting();
    align(fitting, options, paths);
    for (int n = 0; n < paths.length; n++) {
      if (batch.isUnfit(n, fitting) && paths[n].status() != CtcStatus.NOT_FINITE) {
        paths[n] = CtcPath.none(CtcStatus.INFEASIBLE);
      }
    }
    return Arrays.asList(paths);
  }

  /** Which backend this is. */
  public abstract Backend backend();

  /** What it runs on, for people to read. */
  public abstract String device();

  /** Backend and device. */
  @Override
  public final String toString() {
    return "%s aligner on %s".formatted(backend(), device());
  }

  /** Releases memory of the device, if there is one. */
  @Override
  public void close() {
    closed = true;
  }

  /** Fills {@code paths}, one of each utterance. The arguments have been checked. */
  abstract void align(CtcBatch batch, CtcOptions options, CtcPath[] paths);

  /** A copy of the labels of utterance n. */
  static int[] targetOf(CtcBatch batch, int n) {
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    return target;
  }
}
