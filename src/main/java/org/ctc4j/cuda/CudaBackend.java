package org.ctc4j.cuda;

import org.ctc4j.BackendUnavailableException;
import org.ctc4j.ConsistencyGradient;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.DeviceConsistencyResult;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.cuda.driver.ForeignStream;
import org.ctc4j.cuda.driver.Launch;
import org.ctc4j.cuda.host.HostConsistency;
import org.ctc4j.cuda.host.HostLosses;
import org.ctc4j.cuda.host.HostProjections;
import org.ctc4j.cuda.host.OpenDevice;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.EngineKernels;
import org.ctc4j.cuda.kernels.LossKernels;
import org.ctc4j.cuda.kernels.LossWorkspace;
import org.ctc4j.cuda.kernels.ProjectionCall;
import org.ctc4j.cuda.kernels.ProjectionKernels;
import org.ctc4j.cuda.kernels.ProjectionShape;
import org.ctc4j.cuda.kernels.ProjectionWorkspace;
import org.ctc4j.engine.ConsistencyCall;
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
      device.compute(kernels -> new HostLosses(call, kernels.losses(), limit));
    }
  }

  /** A batch in device memory, in a workspace of the engine's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DeviceResult result, long stream) {
    enqueue(batch, options, result, stream, OpenDevice.Room.of(stream));
  }

  /** A batch in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DeviceResult result,
      long stream,
      long address,
      long bytes) {
    enqueue(batch, options, result, stream, OpenDevice.Room.of(address, bytes));
  }

  private void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DeviceResult result,
      long stream,
      OpenDevice.Room room) {
    LossWorkspace workspace = LossWorkspace.of(batch, result, workspaceLimit);
    CallOptions call = CallOptions.ofDevice(batch, options);
    device.enqueue(
        room,
        workspace.bytes(),
        batch::shape,
        kernels ->
            address -> {
              Launch launch = new Launch(ForeignStream.of(stream), batch::shape);
              kernels.losses().enqueue(batch, call, result, workspace, address, launch);
            });
  }

  /** Loads the kernels of such a call and makes room for it in the engine's workspace. */
  public void prepare(DeviceBatch batch, DeviceResult result, long stream) {
    LossWorkspace workspace = LossWorkspace.of(batch, result, workspaceLimit);
    device.enqueue(
        OpenDevice.Room.of(stream),
        workspace.bytes(),
        batch::shape,
        kernels -> address -> kernels.losses().load(batch, result, workspace));
  }

  /** Fills all places of a call on two views in host memory. */
  public synchronized void compute(ConsistencyCall call) {
    if (call.batch().utterances() > 0) {
      device.compute(kernels -> new HostConsistency(call, kernels.losses()));
    }
  }

  /** Two views in device memory, in a workspace of the engine's. */
  public void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long stream) {
    enqueue(batch, kind, result, stream, OpenDevice.Room.of(stream));
  }

  /** Two views in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long stream,
      long address,
      long bytes) {
    enqueue(batch, kind, result, stream, OpenDevice.Room.of(address, bytes));
  }

  private void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long stream,
      OpenDevice.Room room) {
    enqueue(batch, kind, result, room, new Launch(ForeignStream.of(stream), batch::shape));
  }

  private void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      OpenDevice.Room room,
      Launch launch) {
    device.enqueue(
        room,
        workspaceBytes(batch),
        batch::shape,
        kernels -> address -> kernels.losses().enqueue(batch, kind, result, address, launch));
  }

  /** Loads the kernels of such a call and makes room for it in the engine's workspace. */
  public void prepare(DeviceConsistencyBatch batch, DeviceConsistencyResult result, long stream) {
    Launch launch = Launch.loading(batch::shape);
    enqueue(batch, ConsistencyGradient.STOPPED, result, OpenDevice.Room.of(stream), launch);
  }

  /** Bytes that {@link #enqueue} needs for two views. */
  public long workspaceBytes(DeviceConsistencyBatch batch) {
    return LossKernels.consistencyBytes(batch.frames(), batch.utterances());
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    device.forget(stream);
  }

  /** Bytes that {@link #enqueue} needs for batches of a shape. */
  public long workspaceBytes(
      int frames, int utterances, int classes, int maxTargetLength, boolean gradient) {
    return LossWorkspace.of(frames, utterances, classes, maxTargetLength, gradient, workspaceLimit)
        .bytes();
  }

  /** Bytes that {@link #enqueue} needs for a batch. */
  public long workspaceBytes(DeviceBatch batch, DeviceResult result) {
    return LossWorkspace.of(batch, result, workspaceLimit).bytes();
  }

  /**
   * Fills all places of a call on hidden states in host memory.
   *
   * @throws BackendUnavailableException if cuBLAS cannot be used
   */
  public synchronized void computeLosses(ProjectedCall call) {
    device.compute(
        kernels -> new HostProjections(call, kernels.projections(), workspaceLimit, architecture));
  }

  /** Hidden states in device memory, in a workspace of the engine's. */
  public void enqueue(
      DeviceProjectedBatch batch, CtcOptions options, DeviceProjectedResult result, long stream) {
    enqueue(batch, options, result, stream, OpenDevice.Room.of(stream));
  }

  /** Hidden states in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceProjectedBatch batch,
      CtcOptions options,
      DeviceProjectedResult result,
      long stream,
      long address,
      long bytes) {
    enqueue(batch, options, result, stream, OpenDevice.Room.of(address, bytes));
  }

  private void enqueue(
      DeviceProjectedBatch batch,
      CtcOptions options,
      DeviceProjectedResult result,
      long stream,
      OpenDevice.Room room) {
    ProjectionWorkspace workspace = workspaceOf(batch, result);
    ProjectionCall call = ProjectionCall.of(batch, options, result);
    device.enqueue(
        room,
        workspace.bytes,
        batch::shape,
        kernels -> {
          ProjectionKernels ready = kernels.projections();
          return address -> ready.enqueue(call, workspace, address, ForeignStream.of(stream));
        });
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
