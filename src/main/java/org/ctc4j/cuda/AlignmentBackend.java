package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DevicePaths;
import org.ctc4j.EngineOptions;
import org.ctc4j.cuda.driver.ForeignStream;
import org.ctc4j.cuda.host.HostAlignments;
import org.ctc4j.cuda.host.OpenDevice;
import org.ctc4j.cuda.kernels.AlignKernels;
import org.ctc4j.cuda.kernels.AlignPlan;
import org.ctc4j.cuda.kernels.CallOptions;

/**
 * Forced alignment on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class AlignmentBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final OpenDevice<AlignKernels> device;

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public AlignmentBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    this.device = new OpenDevice<>(device, "aligner", AlignKernels::new, 1);
  }

  /**
   * A batch in host memory; returns when the results are there.
   *
   * @param states output: of each frame, (T) for each utterance that has a path
   * @param logProbabilities output: of each frame's symbol, likewise
   * @param statuses output
   */
  public synchronized void findPaths(
      CtcBatch batch,
      CtcOptions options,
      int[][] states,
      double[][] logProbabilities,
      CtcStatus[] statuses) {
    if (batch.utterances() > 0) {
      HostAlignments.Paths paths = new HostAlignments.Paths(states, logProbabilities, statuses);
      device.compute(kernels -> new HostAlignments(batch, options, paths, kernels, workspaceLimit));
    }
  }

  /** A batch in device memory, in a workspace of the aligner's. */
  public void enqueue(DeviceBatch batch, CtcOptions options, DevicePaths paths, long stream) {
    enqueue(batch, options, paths, stream, OpenDevice.Room.of(stream));
  }

  /** A batch in device memory, in a workspace of the caller's. */
  public void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DevicePaths paths,
      long stream,
      long address,
      long bytes) {
    enqueue(batch, options, paths, stream, OpenDevice.Room.of(address, bytes));
  }

  private void enqueue(
      DeviceBatch batch, CtcOptions options, DevicePaths paths, long stream, OpenDevice.Room room) {
    AlignPlan plan = AlignPlan.of(batch, workspaceLimit);
    CallOptions call = CallOptions.ofDevice(batch, options);
    device.enqueue(
        room,
        plan.bytes(),
        batch::shape,
        kernels ->
            address ->
                kernels.enqueue(batch, call, paths, plan, address, ForeignStream.of(stream)));
  }

  /** Loads the kernels of such a call and makes room for it in the aligner's workspace. */
  public void prepare(DeviceBatch batch, long stream) {
    device.enqueue(
        OpenDevice.Room.of(stream),
        workspaceBytes(batch),
        batch::shape,
        kernels -> address -> kernels.load(batch));
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    device.forget(stream);
  }

  /** Bytes that {@link #enqueue} needs for batches of a shape. */
  public long workspaceBytes(int frames, int utterances, int maxTargetLength) {
    return AlignPlan.of(frames, utterances, maxTargetLength, workspaceLimit).bytes();
  }

  /** Bytes that {@link #enqueue} needs for a batch. */
  public long workspaceBytes(DeviceBatch batch) {
    return AlignPlan.of(batch, workspaceLimit).bytes();
  }

  /** Waits for host calls; device work that is still enqueued must have ended. */
  @Override
  public synchronized void close() {
    device.close();
  }
}
