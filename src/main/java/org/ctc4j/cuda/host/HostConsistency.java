package org.ctc4j.cuda.host;

import java.util.Objects;
import java.util.stream.Stream;
import jcuda.driver.CUstream;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.DeviceConsistencyResult;
import org.ctc4j.cuda.driver.Launch;
import org.ctc4j.cuda.kernels.LossKernels;
import org.ctc4j.engine.ConsistencyCall;

/** One call for the consistency losses of two views in host memory. */
public final class HostConsistency implements HostCall {
  private final ConsistencyCall call;
  private final LossKernels kernels;
  private final Utterances utterances;
  private final double[] weights;
  private final HostTensor first;
  private final HostTensor second;
  private final HostTensor firstGradient; // null if it is not asked for
  private final HostTensor secondGradient; // likewise

  public HostConsistency(ConsistencyCall call, LossKernels kernels) {
    ConsistencyBatch batch = call.batch();
    this.call = call;
    this.kernels = kernels;
    utterances = Utterances.of(batch);
    weights = new double[batch.utterances()];
    for (int n = 0; n < weights.length; n++) {
      weights[n] = batch.weight(n);
    }
    first = new HostTensor(batch.first());
    second = new HostTensor(batch.second());
    firstGradient = HostTensor.orNull(call.firstGradient());
    secondGradient = HostTensor.orNull(call.secondGradient());
  }

  @Override
  public int utterances() {
    return utterances.count();
  }

  @Override
  public StagedChunk next(int from, int mostUtterances) {
    return new ViewsChunk(utterances.chunk(from, mostUtterances, 0, this::fits));
  }

  @Override
  public boolean isWhole() {
    return false;
  }

  private boolean fits(Chunk chunk) {
    int bytes = Math.max(first.stagedType().bytes(), second.stagedType().bytes());
    return chunk.totalFrames() * first.columns() * bytes <= ChunkPipeline.PIECE_BYTES;
  }

  private final class ViewsChunk extends StagedChunk {
    private final Staged firstThere = input(first);
    private final Staged secondThere = input(second);
    private final Staged firstGradientThere = output(firstGradient);
    private final Staged secondGradientThere = output(secondGradient);
    private final long workspaceOffset =
        region(LossKernels.consistencyBytes(chunk().frames(), chunk().count()));

    ViewsChunk(Chunk chunk) {
      super(new PackedBatch(utterances, chunk, weights, first.columns()));
    }

    @Override
    String shape() {
      return "two views of " + chunk().shape(first.columns());
    }

    @Override
    void enqueue(long base, CUstream stream) {
      DeviceBatch there = packed().on(base, on(base, firstThere), first.columns());
      DeviceConsistencyBatch batch =
          new DeviceConsistencyBatch(
              there.logits(),
              on(base, secondThere),
              there.frames(),
              there.utterances(),
              there.classes(),
              there.inputLengths(),
              there.frameCounts(),
              there.weights());
      kernels.enqueue(
          batch,
          call.kind(),
          new DeviceConsistencyResult(
              losses(base),
              statuses(base),
              0,
              on(base, firstGradientThere),
              on(base, secondGradientThere)),
          base + workspaceOffset,
          new Launch(stream, batch::shape));
    }

    @Override
    void set(int n, double loss, CtcStatus status) {
      call.set(n, loss);
    }

    @Override
    void finish() {
      Stream.of(firstGradient, secondGradient).filter(Objects::nonNull).forEach(this::clearUnused);
    }
  }
}
