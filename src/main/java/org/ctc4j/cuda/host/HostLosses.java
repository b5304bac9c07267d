package org.ctc4j.cuda.host;

import java.util.Objects;
import java.util.stream.Stream;
import jcuda.driver.CUstream;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.Reduction;
import org.ctc4j.cuda.driver.Launch;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.LossKernels;
import org.ctc4j.cuda.kernels.LossShape;
import org.ctc4j.cuda.kernels.LossWorkspace;
import org.ctc4j.engine.LossCall;

/** One call for the losses of a batch in host memory, and its tensors as they are copied. */
public final class HostLosses implements HostCall {
  /** Large enough for the copies to run at full speed, small enough for a few to overlap. */
  private static final long CHUNK_BYTES = ChunkPipeline.PIECE_BYTES;

  private final LossCall call;
  private final LossKernels kernels;
  private final long workspaceLimit;
  private final Utterances utterances;
  private final HostTensor logits;
  private final HostTensor gradient; // null if none is asked for, as the two that follow
  private final HostTensor posteriors;
  private final HostTensor statePosteriors;

  /**
   * @param workspaceLimit bytes of workspace for a chunk; what a single utterance cannot do without
   *     is taken nonetheless
   */
  public HostLosses(LossCall call, LossKernels kernels, long workspaceLimit) {
    this.call = call;
    this.kernels = kernels;
    this.workspaceLimit = workspaceLimit;
    utterances = Utterances.of(call.batch());
    logits = new HostTensor(call.batch().logits());
    gradient = HostTensor.orNull(call.places().gradient());
    posteriors = HostTensor.orNull(call.places().posteriors());
    statePosteriors = HostTensor.orNull(call.places().statePosteriors());
  }

  @Override
  public int utterances() {
    return utterances.count();
  }

  @Override
  public StagedChunk next(int first, int mostUtterances) {
    // all chunks have the same columns of states
    int leastLabels = statePosteriors == null ? 0 : statePosteriors.columns() / 2;
    return new LossChunk(utterances.chunk(first, mostUtterances, leastLabels, this::fits));
  }

  @Override
  public boolean isWhole() {
    return false;
  }

  private boolean fits(Chunk chunk) {
    int columns =
        Math.max(logits.columns(), statePosteriors == null ? 0 : statePosteriors.columns());
    return chunk.totalFrames() * columns * logits.stagedType().bytes() <= CHUNK_BYTES
        && workspace(chunk).bytes() <= workspaceLimit;
  }

  private LossWorkspace workspace(Chunk chunk) {
    LossShape shape =
        new LossShape(
            chunk.frames(),
            chunk.count(),
            logits.columns(),
            chunk.labels(),
            gradient != null || posteriors != null || statePosteriors != null);
    return LossWorkspace.of(shape, utterances.wildcards() != null, workspaceLimit);
  }

  private int[] columns() {
    return Stream.of(logits, statePosteriors)
        .filter(Objects::nonNull)
        .mapToInt(HostTensor::columns)
        .toArray();
  }

  private final class LossChunk extends StagedChunk {
    private final Staged logitsThere = input(logits);
    private final Staged gradientThere = output(gradient);
    private final Staged posteriorsThere = output(posteriors);
    private final Staged statePosteriorsThere = output(statePosteriors);
    private final LossWorkspace workspace = workspace(chunk());
    private final long workspaceOffset = region(workspace.bytes());

    LossChunk(Chunk chunk) {
      super(new PackedBatch(utterances, chunk, call.weights(), columns()));
    }

    @Override
    String shape() {
      return chunk().shape(logits.columns());
    }

    @Override
    void enqueue(long base, CUstream stream) {
      DeviceBatch batch = packed().on(base, on(base, logitsThere), logits.columns());
      DeviceResult result =
          new DeviceResult(
              losses(base),
              statuses(base),
              0,
              on(base, gradientThere),
              on(base, posteriorsThere),
              on(base, statePosteriorsThere));
      // weights, reduction and zeroInfinity are dealt with on the host
      CtcOptions options = call.options().withReduction(Reduction.NONE).withZeroInfinity(false);
      Launch launch = new Launch(stream, batch::shape);
      kernels.enqueue(
          batch,
          CallOptions.ofHost(batch, options),
          result,
          workspace,
          base + workspaceOffset,
          launch);
    }

    @Override
    void set(int n, double loss, CtcStatus status) {
      call.places().set(n, loss, status);
    }

    @Override
    void finish() {
      Stream.of(gradient, posteriors, statePosteriors)
          .filter(Objects::nonNull)
          .forEach(this::clearUnused);
    }
  }
}
