package org.ctc4j;

import org.ctc4j.cuda.AlignmentBackend;
import org.ctc4j.cuda.Devices;
import org.ctc4j.host.Workers;

/**
 * Forced alignment on an NVIDIA GPU, one block of threads an utterance. What {@link CudaCtc} needs
 * of driver and device is needed here too.
 *
 * <p><b>Batches in host memory</b> come through {@link #align}. They are copied through pinned
 * memory in chunks of utterances; calls wait for each other. A batch larger than the device's
 * memory is split by utterance.
 *
 * <p><b>Batches in device memory</b> are enqueued on a stream of the caller's with {@link
 * #enqueue(DeviceBatch, CtcOptions, DevicePaths, long)}, as with {@link
 * CudaCtc#enqueue(DeviceBatch, CtcOptions, DeviceResult, long)}: nothing is copied, read back or
 * waited for, and the call can be captured in a CUDA graph, which keeps the {@link ClassOffsets} of
 * the call.
 *
 * <p><b>Memory.</b> Where {@link EngineOptions#workspaceBytes} allows, two bits for each state of
 * each frame; else states are computed twice, and about 10 · (TL)<sup>2/3</sup> bytes and 16 a
 * frame are enough: 14 MB for T = 90,000 and L = 15,000. {@link #workspaceBytes} tells.
 *
 * <p>Thread-safe. After a {@link DeviceException} an aligner goes on working, unless {@link
 * DeviceException#isDeviceLost() the device is lost}. Close it when nothing that was enqueued
 * through it is still to run; its device memory goes with it.
 */
public final class CudaAligner extends CtcAligner {
  private final CudaDevice device;
  private final AlignmentBackend backend;

  private CudaAligner(CudaDevice device, EngineOptions options) {
    super(Workers.of(options));
    this.device = device;
    this.backend = new AlignmentBackend(device, options);
  }

  /**
   * An aligner on a device by its number, {@link CudaDevice#index()}.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used
   */
  public static CudaAligner create(int device, EngineOptions options) {
    return create(Devices.survey().numbered(device), options);
  }

  /** An aligner on the first device that can be used. */
  static CudaAligner createOnFirst(EngineOptions options) {
    return create(Devices.survey().first(), options);
  }

  private static CudaAligner create(CudaDevice device, EngineOptions options) {
    return Devices.start(device, usable -> new CudaAligner(usable, options));
  }

  /**
   * Enqueues the alignment of a batch in device memory, and returns. Weights are not used. The
   * workspace is the aligner's: one for each stream, kept until {@link #forget} or {@link #close},
   * as with {@link CudaCtc#enqueue(DeviceBatch, CtcOptions, DeviceResult, long)}. Growing it, and
   * loading a kernel that was not launched before, spoil a capture: call {@link #prepare} before.
   *
   * @param stream a {@code CUstream} or {@code cudaStream_t} of this device; 0 is the default
   *     stream
   * @throws InvalidInputException if an argument is out of its range; nothing was enqueued then
   * @throws DeviceException if the driver refuses; what the paths are to hold is undefined then
   * @throws IllegalStateException if this aligner is closed
   */
  public void enqueue(DeviceBatch batch, CtcOptions options, DevicePaths paths, long stream) {
    batch.check(options);
    backend.enqueue(batch, options, paths, stream);
  }

  /**
   * The same in a workspace of the caller's.
   *
   * @param workspace device address, a multiple of 256; used until the stream has got past the call
   * @param bytes its size, at least {@link #workspaceBytes}
   */
  public void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DevicePaths paths,
      long stream,
      long workspace,
      long bytes) {
    batch.check(options);
    backend.enqueue(batch, options, paths, stream, workspace, bytes);
  }

  /**
   * Gets ready for {@link #enqueue(DeviceBatch, CtcOptions, DevicePaths, long)}, so that such a
   * call can be captured in a CUDA graph, or is as quick the first time as it is later: loads the
   * kernels of the logits' element type, and those of {@link ClassOffsets}, and makes the stream's
   * workspace large enough for T, N and the largest target length. Not to be called during a
   * capture. No number of the batch is read.
   *
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this aligner is closed
   */
  public void prepare(DeviceBatch batch, long stream) {
    backend.prepare(batch, stream);
  }

  /**
   * Gives back the workspace that this aligner keeps for a stream, after a wait for the stream: for
   * one that is not used any more, before it is destroyed. Graphs that were captured on it with
   * that workspace must not be launched after this. A later call on the stream makes another
   * workspace.
   *
   * @param stream as in {@code enqueue}
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this aligner is closed
   */
  public void forget(long stream) {
    backend.forget(stream);
  }

  /**
   * Size of the workspace for batches of this shape: as large as it helps within {@link
   * EngineOptions#workspaceBytes}, or the least that there is a way with.
   */
  public long workspaceBytes(int frames, int utterances, int maxTargetLength) {
    return backend.workspaceBytes(frames, utterances, maxTargetLength);
  }

  @Override
  public Backend backend() {
    return Backend.CUDA;
  }

  @Override
  public String device() {
    return device.toString();
  }

  @Override
  public void close() {
    super.close();
    backend.close();
  }

  @Override
  void align(CtcBatch batch, CtcOptions options, CtcPath[] paths) {
    int[][] states = new int[paths.length][];
    double[][] logProbabilities = new double[paths.length][];
    CtcStatus[] statuses = new CtcStatus[paths.length];
    backend.findPaths(batch, options, states, logProbabilities, statuses);
    for (int n = 0; n < paths.length; n++) {
      paths[n] =
          statuses[n] == CtcStatus.OK
              ? CtcPath.of(options.blank(), states[n], targetOf(batch, n), logProbabilities[n])
              : CtcPath.none(statuses[n]);
    }
  }
}
