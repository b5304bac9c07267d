package org.ctc4j.cuda;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DevicePaths;
import org.ctc4j.EngineOptions;
import org.ctc4j.InvalidInputException;
import org.ctc4j.host.Unclosed;

/**
 * Forced alignment on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class AlignmentBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final DeviceGuard guard;
  private final Held held;
  private final Cleaner.Cleanable unclosed;

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public AlignmentBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    PrimaryContext context = new PrimaryContext(device.index());
    try {
      held = context.call(() -> new Held(device, workspaceLimit));
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
    guard = new DeviceGuard(context, "aligner");
    unclosed = Unclosed.register(this, unclosed(guard, held));
  }

  /** Static, so that it has no hold of the aligner whose end it waits for. */
  private static Runnable unclosed(DeviceGuard guard, Held held) {
    return () -> guard.closeUnclosed(held::close);
  }

  /** What is given back at the end; without any reference to the aligner. */
  private static final class Held implements AutoCloseable {
    final AlignKernels kernels;
    final HostAlignments hostAlignments;
    final StreamWorkspaces workspaces;

    /** The context must be current, here and in all calls. */
    Held(CudaDevice device, long workspaceLimit) {
      workspaces = new StreamWorkspaces(device.driverVersion());
      kernels = new AlignKernels(device.architecture());
      try {
        hostAlignments = new HostAlignments(kernels, workspaceLimit);
      } catch (RuntimeException e) {
        kernels.close();
        throw e;
      }
    }

    @Override
    public void close() {
      hostAlignments.close();
      workspaces.close();
      kernels.close();
    }
  }

  /** Does work with the context current, and holds this aligner until it is done. */
  private void run(Runnable work) {
    try {
      guard.run(work);
    } finally {
      Reference.reachabilityFence(this);
    }
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
    run(() -> held.hostAlignments.run(call));
  }

  /** A batch in device memory, in a workspace of the aligner's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DevicePaths paths, long stream) {
    AlignWorkspace workspace = workspaceOf(batch);
    run(
        () -> {
          long address = held.workspaces.reserve(stream, workspace.bytes(), batch::shape);
          held.kernels.enqueue(
              batch,
              CallOptions.ofDevice(options),
              paths,
              workspace,
              address,
              ForeignStream.of(stream));
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
    run(
        () ->
            held.kernels.enqueue(
                batch,
                CallOptions.ofDevice(options),
                paths,
                workspace,
                address,
                ForeignStream.of(stream)));
  }

  /** Loads the kernels of such a call and makes room for it in the aligner's workspace. */
  public void prepare(DeviceBatch batch, long stream) {
    AlignWorkspace workspace = workspaceOf(batch);
    run(
        () -> {
          held.workspaces.reserve(stream, workspace.bytes(), batch::shape);
          held.kernels.load(batch);
        });
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    run(() -> held.workspaces.forget(stream));
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
    guard.close(held::close);
    unclosed.clean(); // there is nothing left for it to do
  }
}
