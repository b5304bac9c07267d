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
 * <p><b>Wildcards.</b> Utterances whose targets have {@link Wildcards} are aligned by a kernel of
 * their own, to the path that the aligner of {@link Backend#CPU} finds, state by state; the others
 * as without. {@link DeviceTargets#withWildcards} says that there may be some.
 *
 * <p><b>Memory.</b> Where {@link EngineOptions#workspaceBytes} allows, two bits for each state of
 * each frame; else states are computed twice, and about 10 · (TL)<sup>2/3</sup> bytes and 16 a
 * frame are enough: 14 MB for T = 90,000 and L = 15,000. Wildcards take four bytes for each element
 * of the target and frame, or states are computed twice, and 16 · √T (L + 1) bytes and 16 a frame
 * are enough: 73 MB there. {@link #workspaceBytes(DeviceBatch)} tells.
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

  /** An aligner on a device by its number, as {@link CudaCtc#create(int, EngineOptions)}. */
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
   * Enqueues the alignment of a batch in device memory, and returns. Weights are not used. Stream,
   * workspace, capture and exceptions are as with {@link CudaCtc#enqueue(DeviceBatch, CtcOptions,
   * DeviceResult, long)}.
   */
  public void enqueue(DeviceBatch batch, CtcOptions options, DevicePaths paths, long stream) {
    batch.check(options);
    backend.enqueue(batch, options, paths, stream);
  }

  /**
   * The same in a workspace of the caller's, at an address that is a multiple of 256, of at least
   * {@link #workspaceBytes(DeviceBatch)}.
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
   * As {@link CudaCtc#prepare}: loads the kernels of the logits' element type and those of {@link
   * ClassOffsets}, and of {@link Wildcards} if there are any, and makes the stream's workspace
   * large enough for T, N and the largest target length.
   */
  public void prepare(DeviceBatch batch, long stream) {
    backend.prepare(batch, stream);
  }

  /** Gives back the workspace that this aligner keeps for a stream, as {@link CudaCtc#forget}. */
  public void forget(long stream) {
    backend.forget(stream);
  }

  /**
   * Size of the workspace for batches of this shape: as large as it helps within {@link
   * EngineOptions#workspaceBytes}, or the least that there is a way with. For targets without
   * wildcards; {@link #workspaceBytes(DeviceBatch)} has the others.
   */
  public long workspaceBytes(int frames, int utterances, int maxTargetLength) {
    return backend.workspaceBytes(frames, utterances, maxTargetLength);
  }

  /** The same for a batch, of which no number is read. */
  public long workspaceBytes(DeviceBatch batch) {
    return backend.workspaceBytes(batch);
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
