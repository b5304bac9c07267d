package org.ctc4j.cuda;

import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;

/**
 * An engine on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class CudaBackend implements AutoCloseable {
  /** Chunks of a host batch that are under way at a time: one is copied, one computed. */
  private static final int PIPELINES = 2;

  private final long workspaceLimit;
  private final int architecture;
  private final OpenDevice<EngineKernels> device;

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public CudaBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    architecture = device.architecture();
    this.device = new OpenDevice<>(device, "engine", EngineKernels::new, PIPELINES);
  }

  /** Fills all places of a call on host memory. */
  public synchronized void computeLosses(LossCall call) {
    if (call.batch().utterances() > 0) {
      long limit = Math.max(1, workspaceLimit / PIPELINES);
      device.inContext(
          held -> held.hostBatches().compute(new HostLosses(call, held.kernels().losses(), limit)));
    }
  }

  /** A batch in device memory, in a workspace of the engine's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DeviceResult result, long stream) {
    LossWorkspace workspace = LossWorkspace.of(batch, result, workspaceLimit);
    device.inContext(
        held -> {
          long address = held.workspace(stream, workspace.bytes(), batch::shape);
          held.kernels()
              .losses()
              .enqueue(
                  batch,
                  CallOptions.ofDevice(options),
                  result,
                  workspace,
                  address,
                  launch(batch, stream));
        });
  }

  /** A batch in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DeviceResult result,
      long stream,
      long address,
      long bytes) {
    LossWorkspace workspace = LossWorkspace.of(batch, result, workspaceLimit);
    OpenDevice.requireWorkspace(address, bytes, workspace.bytes(), batch.shape());
    device.inContext(
        held ->
            held.kernels()
                .losses()
                .enqueue(
                    batch,
                    CallOptions.ofDevice(options),
                    result,
                    workspace,
                    address,
                    launch(batch, stream)));
  }

  /** Loads the kernels of such a call and makes room for it in the engine's workspace. */
  public void prepare(DeviceBatch batch, DeviceResult result, long stream) {
    LossWorkspace workspace = LossWorkspace.of(batch, result, workspaceLimit);
    device.inContext(
        held -> {
          held.workspace(stream, workspace.bytes(), batch::shape);
          held.kernels().losses().load(batch, result, workspace);
        });
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    device.forget(stream);
  }

  private static Launch launch(DeviceBatch batch, long stream) {
    return new Launch(ForeignStream.of(stream), batch::shape);
  }

  /** Bytes that {@link #enqueue} needs for batches of a shape. */
  public long workspaceBytes(
      int frames, int utterances, int classes, int maxTargetLength, boolean gradient) {
    return LossWorkspace.of(frames, utterances, classes, maxTargetLength, gradient, workspaceLimit)
        .bytes();
  }

  /**
   * Fills all places of a call on hidden states in host memory.
   *
   * @throws BackendUnavailableException if cuBLAS cannot be used
   */
  public synchronized void computeLosses(ProjectedCall call) {
    device.inContext(
        held ->
            held.hostBatches()
                .compute(
                    new HostProjections(
                        call, held.kernels().projections(), workspaceLimit, architecture)));
  }

  /** Hidden states in device memory, in a workspace of the engine's. */
  public void enqueue(
      DeviceProjectedBatch batch, CtcOptions options, DeviceProjectedResult result, long stream) {
    ProjectionWorkspace workspace = workspaceOf(batch, result);
    device.inContext(
        held -> {
          ProjectionKernels kernels = held.kernels().projections();
          long address = held.workspace(stream, workspace.bytes, batch::shape);
          kernels.enqueue(
              ProjectionCall.of(batch, options, result),
              workspace,
              address,
              ForeignStream.of(stream));
        });
  }

  /** Hidden states in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceProjectedBatch batch,
      CtcOptions options,
      DeviceProjectedResult result,
      long stream,
      long address,
      long bytes) {
    ProjectionWorkspace workspace = workspaceOf(batch, result);
    OpenDevice.requireWorkspace(address, bytes, workspace.bytes, batch.shape());
    device.inContext(
        held ->
            held.kernels()
                .projections()
                .enqueue(
                    ProjectionCall.of(batch, options, result),
                    workspace,
                    address,
                    ForeignStream.of(stream)));
  }

  /** Bytes that {@link #enqueue} needs for a batch of hidden states of this shape. */
  public long workspaceBytes(DeviceProjectedBatch batch, DeviceProjectedResult result) {
    return workspaceOf(batch, result).bytes;
  }

  private ProjectionWorkspace workspaceOf(
      DeviceProjectedBatch batch, DeviceProjectedResult result) {
    return new ProjectionWorkspace(ProjectionShape.of(batch, result), workspaceLimit, architecture);
  }

  /** Waits for host calls; device work that is still enqueued must have ended. */
  @Override
  public synchronized void close() {
    device.close();
  }
}
