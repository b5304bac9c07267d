package org.ctc4j.cuda;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.InvalidInputException;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.host.Unclosed;

/**
 * An engine on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class CudaBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final int architecture;
  private final DeviceGuard guard;
  private final Held held;
  private final Cleaner.Cleanable unclosed;

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public CudaBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    architecture = device.architecture();
    PrimaryContext context = new PrimaryContext(device.index());
    try {
      held = context.call(() -> new Held(device, workspaceLimit));
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
    guard = new DeviceGuard(context, "engine");
    unclosed = Unclosed.register(this, unclosed(guard, held));
  }

  /** Static, so that it has no hold of the engine whose end it waits for. */
  private static Runnable unclosed(DeviceGuard guard, Held held) {
    return () -> guard.closeUnclosed(held::close);
  }

  /** What is given back at the end; without any reference to the engine. */
  private static final class Held implements AutoCloseable {
    final Kernels kernels;
    final HostBatches hostBatches;
    final StreamWorkspaces workspaces;
    private final int architecture;
    private final long workspaceLimit;
    private Projections projections; // made when first used, for they need cuBLAS

    /** The context must be current, here and in all calls. */
    Held(CudaDevice device, long workspaceLimit) {
      architecture = device.architecture();
      workspaces = new StreamWorkspaces(device.driverVersion());
      this.workspaceLimit = workspaceLimit;
      kernels = new Kernels(architecture);
      try {
        hostBatches = new HostBatches(kernels, workspaceLimit);
      } catch (RuntimeException e) {
        kernels.close();
        throw e;
      }
    }

    synchronized Projections projections() {
      String reason = CublasLibrary.unavailability();
      if (!reason.isEmpty()) {
        throw new BackendUnavailableException(
            Backend.CUDA, "a projection is computed by cuBLAS, and " + reason);
      }
      if (projections == null) {
        projections = new Projections(kernels, workspaceLimit, architecture);
      }
      return projections;
    }

    @Override
    public void close() {
      if (projections != null) {
        projections.close();
      }
      hostBatches.close();
      workspaces.close();
      kernels.close();
    }
  }

  /** Does work with the context current, and holds this engine until it is done. */
  private void run(Runnable work) {
    try {
      guard.run(work);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Fills all places of a call on host memory. */
  public synchronized void computeLosses(LossCall call) {
    if (call.batch().utterances() > 0) {
      HostCall host = HostCall.of(call);
      run(() -> held.hostBatches.run(host));
    }
  }

  /** A batch in device memory, in a workspace of the engine's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DeviceResult result, long stream) {
    Workspace workspace = workspaceOf(batch, result);
    run(
        () -> {
          long address = held.workspaces.reserve(stream, workspace.bytes(), batch::shape);
          held.kernels.enqueue(batch, options, result, workspace, address, launch(batch, stream));
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
    Workspace workspace = workspaceOf(batch, result);
    requireWorkspace(address, bytes, workspace.bytes(), batch.shape());
    run(
        () ->
            held.kernels.enqueue(
                batch, options, result, workspace, address, launch(batch, stream)));
  }

  /** Loads the kernels of such a call and makes room for it in the engine's workspace. */
  public void prepare(DeviceBatch batch, DeviceResult result, long stream) {
    Workspace workspace = workspaceOf(batch, result);
    run(
        () -> {
          held.workspaces.reserve(stream, workspace.bytes(), batch::shape);
          held.kernels.load(batch, result, workspace);
        });
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    run(() -> held.workspaces.forget(stream));
  }

  private static Launch launch(DeviceBatch batch, long stream) {
    return new Launch(ForeignStream.of(stream), batch::shape);
  }

  /** Bytes that {@link #enqueue} needs for batches of a shape. */
  public long workspaceBytes(
      int frames, int utterances, int classes, int maxTargetLength, boolean gradient) {
    return Workspace.of(frames, utterances, classes, maxTargetLength, gradient, workspaceLimit)
        .bytes();
  }

  /**
   * The same for hidden states.
   *
   * @throws BackendUnavailableException if cuBLAS cannot be used
   */
  public synchronized void computeLosses(ProjectedCall call) {
    HostProjectionCall host = HostProjectionCall.of(call);
    run(() -> run(host));
  }

  private void run(HostProjectionCall call) {
    HostProjections host = held.projections().host;
    try {
      host.run(call);
    } catch (DeviceException e) {
      if (!e.isOutOfMemory() || !held.hostBatches.release()) {
        throw e;
      }
      host.run(call);
    }
  }

  /** Hidden states in device memory, in a workspace of the engine's. */
  public void enqueue(
      DeviceProjectedBatch batch, CtcOptions options, DeviceProjectedResult result, long stream) {
    ProjectionWorkspace workspace = workspaceOf(batch, result);
    run(
        () -> {
          ProjectionKernels ready = held.projections().kernels;
          long address = held.workspaces.reserve(stream, workspace.bytes, batch::shape);
          ready.enqueue(
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
    requireWorkspace(address, bytes, workspace.bytes, batch.shape());
    run(
        () ->
            held.projections()
                .kernels
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
    DeviceBatch frames = batch.frames();
    DeviceProjection projection = batch.projection();
    return new ProjectionWorkspace(
        new ProjectionWorkspace.Shape(
            projection.type(),
            frames.frames(),
            frames.utterances(),
            projection.classes(),
            projection.dimensions(),
            frames.targets().maxLength(),
            frames.frames() * frames.utterances(),
            projection.fast(),
            result.losses().gradient() != null,
            result.weightGradient() != 0,
            result.biasGradient() != 0),
        workspaceLimit,
        architecture);
  }

  /** What calls on hidden states need beside the kernels for logits. */
  private static final class Projections implements AutoCloseable {
    final ProjectionKernels kernels;
    final HostProjections host;

    Projections(Kernels logits, long workspaceLimit, int architecture) {
      kernels = new ProjectionKernels(logits, architecture);
      try {
        host = new HostProjections(kernels, workspaceLimit, architecture);
      } catch (RuntimeException e) {
        kernels.close();
        throw e;
      }
    }

    @Override
    public void close() {
      host.close();
      kernels.close();
    }
  }

  private Workspace workspaceOf(DeviceBatch batch, DeviceResult result) {
    return Workspace.of(
        batch.frames(),
        batch.utterances(),
        batch.classes(),
        batch.targets().maxLength(),
        Kernels.needsRows(result),
        workspaceLimit);
  }

  private static void requireWorkspace(long address, long bytes, long expected, String shape) {
    if (address == 0 || address % Workspace.ALIGNMENT != 0 || bytes < expected) {
      throw new InvalidInputException(
          "workspace: expected %d bytes at a multiple of %d for %s, got %d at 0x%x"
              .formatted(expected, Workspace.ALIGNMENT, shape, bytes, address));
    }
  }

  /** Waits for host calls; device work that is still enqueued must have ended. */
  @Override
  public synchronized void close() {
    guard.close(held::close);
    unclosed.clean(); // there is nothing left for it to do
  }
}
