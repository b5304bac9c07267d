package org.ctc4j.cuda;

import java.util.function.Consumer;
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
import org.ctc4j.cuda.host.BeamSettings;
import org.ctc4j.cuda.host.HostBeamSearch;
import org.ctc4j.cuda.host.HostGreedy;
import org.ctc4j.cuda.host.OpenDevice;
import org.ctc4j.cuda.kernels.BeamCall;
import org.ctc4j.cuda.kernels.BeamWorkspace;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.DecodeKernels;
import org.ctc4j.cuda.kernels.DeviceTokens;
import org.ctc4j.cuda.kernels.GreedyCall;

/**
 * Decoding on one device. Thread-safe: host calls wait for each other, device calls for the
 * enqueueing of each other.
 */
public final class DecodingBackend implements AutoCloseable {
  private final long workspaceLimit;
  private final CudaDevice itself;
  private final OpenDevice<DecodeKernels> device;

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public DecodingBackend(CudaDevice device, EngineOptions options) {
    workspaceLimit = options.workspaceBytes();
    itself = device;
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

  /** Makes room for such a call in the decoder's workspace; its kernels are there. */
  public void prepareGreedy(DeviceFrames frames, long stream) {
    device.enqueue(
        OpenDevice.Room.of(stream),
        GreedyCall.workspaceBytes(frames.frames(), frames.utterances()),
        frames::shape,
        kernels -> address -> {});
  }

  /**
   * A beam search in a batch in host memory; returns when the results are there.
   *
   * @param scorer or null
   */
  public synchronized void beamSearch(
      CtcBatch batch,
      CtcOptions options,
      BeamOptions beam,
      TokenScorerBackend scorer,
      HostBeamSearch.Results results) {
    withTokens(
        scorer,
        batch.logits().classes(),
        options.blank(),
        tokens -> {
          if (batch.utterances() > 0) {
            BeamSettings settings = new BeamSettings(options, beam, tokens);
            device.compute(
                kernels -> new HostBeamSearch(batch, settings, results, kernels, workspaceLimit));
          }
        });
  }

  private void withTokens(
      TokenScorerBackend scorer, int classes, int blank, Consumer<DeviceTokens> call) {
    if (scorer == null) {
      call.accept(null);
    } else {
      scorer.whileOpen(itself, classes, blank, call);
    }
  }

  /**
   * The same in frames in device memory, in a workspace of the decoder's.
   *
   * @param scorer or null
   */
  public void enqueueBeamSearch(
      DeviceFrames frames,
      CtcOptions options,
      BeamOptions beam,
      TokenScorerBackend scorer,
      DeviceNBest results,
      long stream) {
    withTokens(
        scorer,
        frames.classes(),
        options.blank(),
        tokens -> {
          BeamCall call =
              new BeamCall(frames, CallOptions.ofDevice(options), beam, tokens, results);
          BeamWorkspace workspace = call.workspace();
          device.enqueue(
              OpenDevice.Room.of(stream),
              workspace.bytes(),
              frames::shape,
              kernels ->
                  address -> kernels.enqueue(call, workspace, address, ForeignStream.of(stream)));
        });
  }

  /**
   * Loads the kernels of such a call and makes room for it in the decoder's workspace.
   *
   * @param scorer or null
   */
  public void prepareBeamSearch(
      DeviceFrames frames, BeamOptions beam, TokenScorerBackend scorer, long stream) {
    CtcOptions defaults = CtcOptions.DEFAULT;
    withTokens(
        scorer,
        frames.classes(),
        defaults.blank(),
        tokens -> {
          BeamCall call = new BeamCall(frames, CallOptions.ofDevice(defaults), beam, tokens, null);
          BeamWorkspace workspace = call.workspace();
          device.enqueue(
              OpenDevice.Room.of(stream),
              workspace.bytes(),
              frames::shape,
              kernels -> address -> kernels.load(call, workspace));
        });
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
