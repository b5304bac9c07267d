package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DevicePaths;
import org.ctc4j.EngineOptions;
import org.ctc4j.InvalidInputException;

/**
 * Forced alignment on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class AlignmentBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final DeviceGuard guard;
  private final AlignKernels kernels;
  private final HostAlignments hostAlignments;
  private final StreamWorkspaces workspaces = new StreamWorkspaces();

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public AlignmentBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    PrimaryContext context = new PrimaryContext(device.index());
    AlignKernels loaded = null;
    try {
      AlignKernels made = context.call(() -> new AlignKernels(device.architecture()));
      loaded = made;
      hostAlignments = context.call(() -> new HostAlignments(made, workspaceLimit));
    } catch (RuntimeException e) {
      if (loaded != null) {
        context.run(loaded::close);
      }
      context.close();
      throw e;
    }
    kernels = loaded;
    guard = new DeviceGuard(context, "aligner");
  }

  /**
   * A batch in host memory; returns when the results are there.
   *
   * @param states output: of each frame, (T) for each utterance that has a path
   * @param logProbabilities output: of each frame's symbol, likewise
   * @param statuses output
   */
  public synchronized void run(
      CtcBatch batch,
      CtcOptions options,
      int[][] states,
      double[][] logProbabilities,
      CtcStatus[] statuses) {
    HostAlignment call =
        new HostAlignment(
            batch, options, new HostTensor(batch.logits()), states, logProbabilities, statuses);
    guard.run(() -> hostAlignments.run(call));
  }

  /** A batch in device memory, in a workspace of the aligner's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DevicePaths paths, long stream) {
    AlignWorkspace workspace = workspaceOf(batch);
    guard.run(
        () -> {
          long address = workspaces.reserve(stream, workspace.bytes(), batch::shape);
          kernels.enqueue(batch, options, paths, workspace, address, ForeignStream.of(stream));
        });
  }

  /** A batch in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DevicePaths paths,
      long stream,
      long address,
      long bytes) {
    AlignWorkspace workspace = workspaceOf(batch);
    if (address == 0 || address % Workspace.ALIGNMENT != 0 || bytes < workspace.bytes()) {
      throw new InvalidInputException(
          "workspace: expected %d bytes at a multiple of %d for %s, got %d at 0x%x"
              .formatted(workspace.bytes(), Workspace.ALIGNMENT, batch.shape(), bytes, address));
    }
    guard.run(
        () -> kernels.enqueue(batch, options, paths, workspace, address, ForeignStream.of(stream)));
  }

  /** Loads the kernels of such a call and makes room for it in the aligner's workspace. */
  public void prepare(DeviceBatch batch, long stream) {
    AlignWorkspace workspace = workspaceOf(batch);
    guard.run(
        () -> {
          workspaces.reserve(stream, workspace.bytes(), batch::shape);
          kernels.load(batch);
        });
  }

  /** Bytes that {@link #enqueue} needs for batches of a shape. */
  public long workspaceBytes(int frames, int utterances, int maxTargetLength) {
    return AlignWorkspace.of(frames, utterances, maxTargetLength, workspaceLimit).bytes();
  }

  private AlignWorkspace workspaceOf(DeviceBatch batch) {
    return AlignWorkspace.of(
        batch.frames(), batch.utterances(), batch.targets().maxLength(), workspaceLimit);
  }

  /** Waits for host calls; device work that is still enqueued must have ended. */
  @Override
  public synchronized void close() {
    guard.close(
        () -> {
          hostAlignments.close();
          workspaces.close();
          kernels.close();
        });
  }
}
