package org.ctc4j;

import java.util.List;
import java.util.Objects;
import org.ctc4j.cuda.CudaBackend;
import org.ctc4j.cuda.Devices;
import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.host.Workers;

/**
 * Hand-written kernels on an NVIDIA GPU of compute capability 7.5 or newer. A driver for CUDA 11.0
 * or newer (450.36) and {@code org.jcuda:jcuda} with its natives, for Linux or Windows on x86_64,
 * are all that it needs; batches of hidden states need cuBLAS, too, and {@code org.jcuda:jcublas}.
 * What is missing is told, with what to add.
 *
 * <p><b>Batches in host memory</b> come through {@link Ctc#compute} like those of every engine.
 * They are copied through pinned memory in chunks of utterances, while the chunk before is
 * computed; a batch larger than the device's memory is thus split, not refused. Host calls on one
 * engine wait for each other. The element type of the sums is float32 with wider accumulators, or
 * float64 for float64 logits. The posterior of a state below 2<sup>−80</sup> counts as 0, in that
 * of its class, too.
 *
 * <p><b>Batches in device memory</b> are enqueued on a stream of the caller's with {@link
 * #enqueue(DeviceBatch, CtcOptions, DeviceResult, long)}: nothing is copied, read back or waited
 * for, so the host goes on at once and the call can be captured in a CUDA graph. The engine works
 * in the device's primary context, which is the one of the CUDA runtime, of PyTorch and of ND4J.
 * All memory must stay valid until the stream has got past the call, so keep the tensors reachable.
 *
 * <p><b>Wildcards.</b> Utterances whose targets have {@link Wildcards} are computed by kernels of
 * their own, with float64 sums that have exponents of 64 bits; the others as without. {@link
 * DeviceTargets#withWildcards} says that there may be some. What weighs less than e<sup>−2^30</sup>
 * of its frame's likeliest class, and a label whose skip cost is above 2<sup>30</sup> nats, counts
 * as impossible. Projections refuse them with {@link InvalidInputException}.
 *
 * <p>{@link ClassOffsets} go to the device as parameters of a launch for every 480 classes that
 * have any: a graph has those of the call that was captured. Consistency losses, of a {@link
 * ConsistencyBatch} or a {@link DeviceConsistencyBatch}, are computed in float32 with logarithms
 * and their differences in float64, or all in float64 if either view is.
 *
 * <p><b>Hidden states with a projection</b>, {@link ProjectedBatch} and {@link
 * DeviceProjectedBatch}, are multiplied by NVIDIA's cuBLAS of CUDA 12, {@code libcublas.so.12} (on
 * Windows {@code cublas64_12.dll}), which is loaded when the first of them is computed: from the
 * file (or directory) that the system property {@code org.ctc4j.cublas} names, else from {@code
 * LD_LIBRARY_PATH}, {@code /usr/local/cuda*} or where the dynamic linker finds it. Where it is not,
 * these calls throw a {@link BackendUnavailableException} that says what was looked for, and all
 * others work. A batch in host memory needs room on the device for its used hidden states, the
 * weight and their gradients; it is not split. float32 sums, float64 for float64 hidden states.
 * With 16-bit types an element of the logits' gradient is good to 2<sup>−18</sup>, as {@link
 * DeviceProjection} has it when it is not fast. The same call gives the same bits; in another batch
 * those of an utterance may differ in rounding, for cuBLAS chooses its algorithm by shape.
 *
 * <p>With PyTorch's tensors as bytedeco's presets show them, on PyTorch's current stream:
 *
 * <pre>{@code
 * // logits: (T, N, C) float32, contiguous; targets: (N, Lmax) int32; lengths: N int32 each
 * Tensor gradient = torch.empty_like(logits);
 * Tensor losses = logits.new_empty(new long[] {N}, new TensorOptions(torch.ScalarType.Double));
 * Tensor statuses = logits.new_empty(new long[] {N}, new TensorOptions(torch.ScalarType.Int));
 * DeviceBatch batch = new DeviceBatch(
 *     DeviceTensor.timeMajor(logits.data_ptr().address(), ElementType.FLOAT32, N, C), T, N, C,
 *     DeviceTargets.padded(
 *         targets.data_ptr().address(), N, Lmax, targetLengths.data_ptr().address()),
 *     inputLengths.data_ptr().address());
 * DeviceResult result = new DeviceResult(
 *     losses.data_ptr().address(), statuses.data_ptr().address(), 0,
 *     DeviceTensor.timeMajor(gradient.data_ptr().address(), ElementType.FLOAT32, N, C));
 * ctc.enqueue(batch, options, result, torch_cuda.getCurrentCUDAStream().stream().address());
 * // ordered behind it on the same stream
 * logits.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
 * }</pre>
 *
 * <p>With ND4J's CUDA arrays:
 *
 * <pre>{@code
 * // logits and gradient: (T, N, C) float32, in C order
 * AtomicAllocator allocator = AtomicAllocator.getInstance();
 * // brings both to the device; the stream's number lies where ND4J's pointer points to
 * CudaContext context = allocator.getFlowController().prepareAction(gradient, logits);
 * long stream = new PointerPointer<Pointer>(context.getOldStream()).get(0).address();
 * long from = allocator.getAllocationPoint(logits).getDevicePointer().address();
 * long to = allocator.getAllocationPoint(gradient).getDevicePointer().address();
 * DeviceBatch batch = new DeviceBatch(
 *     DeviceTensor.timeMajor(from + 4 * logits.offset(), ElementType.FLOAT32, N, C), T, N, C,
 *     targets, inputLengths);
 * DeviceResult result = new DeviceResult(losses, statuses, 0,
 *     DeviceTensor.timeMajor(to + 4 * gradient.offset(), ElementType.FLOAT32, N, C));
 * ctc.enqueue(batch, options, result, stream);
 * // ND4J must not trust its host copy
 * allocator.getFlowController().registerAction(context, gradient, logits);
 * }</pre>
 *
 * <p>Thread-safe as {@link Ctc} is. Several engines may share a device, and each device may have
 * its own. After a {@link DeviceException} an engine goes on working, unless {@link
 * DeviceException#isDeviceLost() the device is lost}: then it says so on every call. Close it when
 * nothing that was enqueued through it is still to run; its device memory goes with it. Keep it
 * reachable as long as a graph that was captured in its workspace is launched.
 */
public final class CudaCtc extends Ctc {
  private final CudaDevice device;
  private final CudaBackend backend;

  private CudaCtc(CudaDevice device, EngineOptions options) {
    super(Workers.of(options));
    this.device = device;
    this.backend = new CudaBackend(device, options);
  }

  /** The GPUs that the driver shows, usable or not; none where there is no driver. */
  public static List<CudaDevice> devices() {
    return Devices.survey().all();
  }

  /**
   * An engine on a device by its number, {@link CudaDevice#index()}.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used
   */
  public static CudaCtc create(int device, EngineOptions options) {
    return create(Devices.survey().numbered(device), options);
  }

  /** An engine on the first device that can be used. */
  static CudaCtc createOnFirst(EngineOptions options) {
    return create(Devices.survey().first(), options);
  }

  private static CudaCtc create(CudaDevice device, EngineOptions options) {
    return Devices.start(device, usable -> new CudaCtc(usable, options));
  }

  /** Whether {@link #createOnFirst} has a device to work on. */
  static BackendReport report() {
    Devices devices = Devices.survey();
    boolean usable = devices.reason().isEmpty();
    return new BackendReport(
        Backend.CUDA, usable, usable ? devices.first().toString() : "none", devices.reason());
  }

  /**
   * Enqueues losses and, as far as the result has places for them, gradient and posteriors of a
   * batch in device memory, and returns. Between this call and the caller's own wait nothing is
   * synchronised and nothing is copied; so what is wrong with the numbers shows in the statuses,
   * see {@link DeviceBatch}.
   *
   * <p>The workspace is the engine's: one for each stream, grown when a call needs more of it and
   * kept until {@link #forget} or {@link #close}, also where the stream is destroyed. A handle that
   * comes to mean another stream gets another workspace, as {@code CU_STREAM_PER_THREAD} does in
   * every thread. Drivers before CUDA 12.0 do not tell that a handle is used again: with these,
   * call {@code forget} before a stream is destroyed. Growing a workspace, and loading a kernel
   * that was not launched before, spoil a capture: call {@link #prepare} before.
   *
   * @param stream a {@code CUstream} or {@code cudaStream_t} of this device; 0 is the default
   *     stream
   * @throws InvalidInputException if an argument is out of its range; nothing was enqueued then
   * @throws DeviceException if the driver refuses; what the result is to hold is undefined then
   * @throws IllegalStateException if this engine is closed
   */
  public void enqueue(DeviceBatch batch, CtcOptions options, DeviceResult result, long stream) {
    batch.check(options);
    backend.enqueue(batch, options, result, stream);
  }

  /**
   * The same in a workspace of the caller's.
   *
   * @param workspace device address, a multiple of 256; used until the stream has got past the call
   * @param bytes its size, at least {@link #workspaceBytes(DeviceBatch, DeviceResult)}
   */
  public void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DeviceResult result,
      long stream,
      long workspace,
      long bytes) {
    batch.check(options);
    backend.enqueue(batch, options, result, stream, workspace, bytes);
  }

  /**
   * Gets ready for {@link #enqueue(DeviceBatch, CtcOptions, DeviceResult, long)}, so that such a
   * call can be captured in a CUDA graph, or is as quick the first time as it is later. Loads the
   * kernels that it launches, which the driver translates when it sees them for the first time,
   * unless the jar has machine code for the device (seconds; kept in its cache), and makes the
   * stream's workspace large enough. What kernels a call launches depends on the element type of
   * its logits, on C (up to 32, 64, 128, 256, 1024, 16384, or more), on the largest target length
   * (up to 127, 255, or more), on which of reduced loss, gradient and posteriors it has a place
   * for, and on whether there are {@link ClassOffsets}, whose kernels this loads in any case, or
   * {@link Wildcards}; the workspace depends on T, N, C, the largest target length and whether
   * there is a gradient or posteriors, or wildcards. A call that is like one before it on this
   * stream in all of these needs nothing more. Waits for the driver, not for the device; not to be
   * called during a capture. No number of batch and result is read.
   *
   * <p>With a workspace of the caller's and for the kernels alone, any stream does.
   *
   * @param stream as in {@code enqueue}
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this engine is closed
   */
  public void prepare(DeviceBatch batch, DeviceResult result, long stream) {
    backend.prepare(batch, result, stream);
  }

  /**
   * Gives back the workspace that this engine keeps for a stream, after a wait for the stream: for
   * one that is not used any more, before it is destroyed. Graphs that were captured on it with
   * that workspace must not be launched after this. A later call on the stream makes another
   * workspace.
   *
   * @param stream as in {@code enqueue}
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this engine is closed
   */
  public void forget(long stream) {
    backend.forget(stream);
  }

  /**
   * Size of the workspace for batches of this shape. As long as {@link
   * EngineOptions#workspaceBytes} allows, half the states of the recursions are kept; below that
   * they are computed again, down to the square root of it.
   *
   * <p>For targets without wildcards; {@link #workspaceBytes(DeviceBatch, DeviceResult)} has the
   * others.
   *
   * @param gradient whether a gradient or posteriors are asked for
   */
  public long workspaceBytes(
      int frames, int utterances, int classes, int maxTargetLength, boolean gradient) {
    return backend.workspaceBytes(frames, utterances, classes, maxTargetLength, gradient);
  }

  /**
   * Size of the workspace for a batch, of which no number is read. With {@link Wildcards} half of
   * {@link EngineOptions#workspaceBytes} is for what these take beside all else: 16 bytes for each
   * state of all frames, or of some 2 √T of them.
   */
  public long workspaceBytes(DeviceBatch batch, DeviceResult result) {
    return backend.workspaceBytes(batch, result);
  }

  /**
   * Enqueues losses and those gradients that the result has a place for of a batch of hidden states
   * in device memory, and returns. As with {@link #enqueue(DeviceBatch, CtcOptions, DeviceResult,
   * long)} nothing is synchronised, read back or, once the workspace is large enough, allocated.
   * All T · N frames are computed, also those that their utterances do not use, for the host does
   * not know the lengths; a chunk of the logits is held at a time.
   *
   * <p>The matrix products are cuBLAS's, which is loaded at the first call and chooses and loads
   * its own kernels at the first product of a shape. So that this does not spoil a capture, enqueue
   * the same call on that stream before it: of the same sizes, element types and places for
   * gradients.
   *
   * @param options for {@link InputKind#LOGITS}
   * @param stream as above
   * @throws BackendUnavailableException if cuBLAS cannot be used, with the reason and what would
   *     mend it
   * @throws InvalidInputException if an argument is out of its range; nothing was enqueued then
   * @throws DeviceException if the driver or cuBLAS refuses; what the result is to hold is
   *     undefined then
   * @throws IllegalStateException if this engine is closed
   */
  public void enqueue(
      DeviceProjectedBatch batch, CtcOptions options, DeviceProjectedResult result, long stream) {
    batch.check(options);
    backend.enqueue(batch, options, result, stream);
  }

  /**
   * The same in a workspace of the caller's, of at least {@link
   * #workspaceBytes(DeviceProjectedBatch, DeviceProjectedResult)}; else as above.
   */
  public void enqueue(
      DeviceProjectedBatch batch,
      CtcOptions options,
      DeviceProjectedResult result,
      long stream,
      long workspace,
      long bytes) {
    batch.check(options);
    backend.enqueue(batch, options, result, stream, workspace, bytes);
  }

  /**
   * Size of the workspace for a batch of hidden states. It does not grow with C once a chunk of the
   * logits has its full size.
   */
  public long workspaceBytes(DeviceProjectedBatch batch, DeviceProjectedResult result) {
    return backend.workspaceBytes(batch, result);
  }

  /**
   * Enqueues consistency losses and those gradients that the result has a place for of two views in
   * device memory, and returns. What holds for {@link #enqueue(DeviceBatch, CtcOptions,
   * DeviceResult, long)} holds here, also of the workspace, which is the same one.
   *
   * @param stream as above
   * @throws InvalidInputException if an argument is out of its range; nothing was enqueued then
   * @throws DeviceException if the driver refuses; what the result is to hold is undefined then
   * @throws IllegalStateException if this engine is closed
   */
  public void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long stream) {
    batch.check();
    Objects.requireNonNull(kind, "gradient");
    backend.enqueue(batch, kind, result, stream);
  }

  /**
   * The same in a workspace of the caller's.
   *
   * @param workspace device address, a multiple of 256; used until the stream has got past the call
   * @param bytes its size, at least {@link #workspaceBytes(DeviceConsistencyBatch)}
   */
  public void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long stream,
      long workspace,
      long bytes) {
    batch.check();
    Objects.requireNonNull(kind, "gradient");
    backend.enqueue(batch, kind, result, stream, workspace, bytes);
  }

  /**
   * Gets ready for such a call, as {@link #prepare(DeviceBatch, DeviceResult, long)} does. What
   * kernels it launches depends on whether a view is float64 and the reduced loss is wanted, the
   * workspace on T and N.
   *
   * @param stream as in {@code enqueue}
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this engine is closed
   */
  public void prepare(DeviceConsistencyBatch batch, DeviceConsistencyResult result, long stream) {
    backend.prepare(batch, result, stream);
  }

  /** Size of the workspace for two views: 8 bytes a frame, 64 an utterance, and a little. */
  public long workspaceBytes(DeviceConsistencyBatch batch) {
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
  void computeLosses(LossCall call) {
    backend.computeLosses(call);
  }

  @Override
  void computeLosses(ProjectedCall call) {
    backend.computeLosses(call);
  }

  @Override
  void computeConsistency(ConsistencyCall call) {
    backend.compute(call);
  }
}
