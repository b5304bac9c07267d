package org.ctc4j.cuda;

import org.ctc4j.BeamOptions;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceLabels;
import org.ctc4j.DeviceNBest;
import org.ctc4j.DevicePaths;
import org.ctc4j.EngineOptions;
import org.ctc4j.cuda.driver.ForeignStream;
import org.ctc4j.cuda.host.HostBeamSearch;
import org.ctc4j.cuda.host.HostGreedy;
import org.ctc4j.cuda.host.OpenDevice;
import org.ctc4j.cuda.kernels.BeamCall;
import org.ctc4j.cuda.kernels.BeamWorkspace;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.DecodeKernels;
import org.ctc4j.cuda.kernels.GreedyCall;

/**
 * Decoding on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class DecodingBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final OpenDevice<DecodeKernels> device;

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public DecodingBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    this.device = new OpenDevice<>(device, "decoder", DecodeKernels::new, 1);
  }

  /** Greedy decoding of a batch in host memory; returns when the results are there. */
  public synchronized void greedy(CtcBatch batch, CtcOptions options, HostGreedy.Results results) {
    if (batch.utterances() > 0) {
      device.compute(kernels -> new HostGreedy(batch, options, results, kernels));
    }
  }

  /**
   * The same of frames in device memory, in a workspace of the decoder's.
   *
   * @param paths or null
   */
  public void enqueueGreedy(
      DeviceFrames frames,
      CtcOptions options,
      DeviceLabels labels,
      DevicePaths paths,
      long stream) {
    GreedyCall call = new GreedyCall(frames, CallOptions.ofDevice(options), labels, paths);
    device.enqueue(
        OpenDevice.Room.of(stream),
        GreedyCall.workspaceBytes(frames.frames(), frames.utterances()),
        frames::shape,
        kernels -> address -> kernels.enqueue(call, address, ForeignStream.of(stream)));
  }

  /** A beam search in a batch in host memory; returns when the results are there. */
  public synchronized void beamSearch(
      CtcBatch batch, CtcOptions options, BeamOptions beam, HostBeamSearch.Results results) {
    if (batch.utterances() > 0) {
      device.compute(
          kernels -> new HostBeamSearch(batch, options, beam, results, kernels, workspaceLimit));
    }
  }

  /** The same in frames in device memory, in a workspace of the decoder's. */
  public void enqueueBeamSearch(
      DeviceFrames frames, CtcOptions options, BeamOptions beam, DeviceNBest results, long stream) {
    BeamCall call = new BeamCall(frames, CallOptions.ofDevice(options), beam, results);
    BeamWorkspace workspace = call.workspace();
    device.enqueue(
        OpenDevice.Room.of(stream),
        workspace.bytes(),
        frames::shape,
        kernels -> address -> kernels.enqueue(call, workspace, address, ForeignStream.of(stream)));
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    device.forget(stream);
  }

  /** Waits for host calls; device work that is still enqueued must have ended. */
  @Override
  public synchronized void close() {
    device.close();
  }
}
