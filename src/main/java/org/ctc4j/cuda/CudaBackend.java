package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.host.Posteriors;

/**
 * An engine on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class CudaBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final DeviceGuard guard;
  private final Kernels kernels;
  private final HostBatches hostBatches;
  private final StreamWorkspaces workspaces = new StreamWorkspaces();

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public CudaBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    PrimaryContext context = new PrimaryContext(device.index());
    Kernels loaded = null;
    try {
      Kernels made = context.call(() -> new Kernels(device.architecture()));
      loaded = made;
      hostBatches = context.call(() -> new HostBatches(made, workspaceLimit));
    } catch (RuntimeException e) {
      if (loaded != null) {
        context.run(loaded::close);
      }
      context.close();
      throw e;
    }
    kernels = loaded;
    guard = new DeviceGuard(context, "engine");
  }

  /**
   * A batch in host memory; returns when the results are there.
   *
   * @param weights factor of each utterance's loss in the gradient
   * @param losses output, +Infinity where infeasible
   * @param statuses output
   * @param gradient output of the shape of the logits, or null
   * @param posteriors outputs, as far as they are asked for
   */
  public synchronized void run(
      CtcBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor gradient,
      Posteriors posteriors) {
    if (batch.utterances() == 0) {
      return;
    }
    HostCall call = HostCall.of(batch, options, weights, losses, statuses, gradient, posteriors);
    guard.run(() -> hostBatches.run(call));
  }

  /** A batch in device memory, in a workspace of the engine's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DeviceResult result, long stream) {
    Workspace workspace = workspaceOf(batch, result);
    guard.run(
        () -> {
          long address = workspaces.reserve(stream, workspace.bytes(), batch::shape);
          kernels.enqueue(batch, options, result, workspace, address, ForeignStream.of(stream));
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
    if (address == 0 || address % Workspace.ALIGNMENT != 0 || bytes < workspace.bytes()) {
      throw new InvalidInputException(
          "workspace: expected %d bytes at a multiple of %d for %s, got %d at 0x%x"
              .formatted(workspace.bytes(), Workspace.ALIGNMENT, batch.shape(), bytes, address));
    }
    guard.run(
        () ->
            kernels.enqueue(batch, options, result, workspace, address, ForeignStream.of(stream)));
  }

  /** Bytes that {@link #enqueue} needs for batches of a shape. */
  public long workspaceBytes(
      int frames, int utterances, int classes, int maxTargetLength, boolean gradient) {
    return Workspace.of(frames, utterances, classes, maxTargetLength, gradient, workspaceLimit)
        .bytes();
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

  /** Waits for host calls; device work that is still enqueued must have ended. */
  @Override
  public synchronized void close() {
    guard.close(
        () -> {
          hostBatches.close();
          workspaces.close();
          kernels.close();
        });
  }
}
