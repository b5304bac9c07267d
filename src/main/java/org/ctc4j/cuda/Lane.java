package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.Reduction;

/**
 * Takes chunks of host calls through the device, one at a time, on a stream of its own: two lanes
 * overlap the copies of one chunk with the kernels of the other. Device memory and pinned memory
 * are kept from chunk to chunk and grow. The context must be current. Not thread-safe.
 */
final class Lane implements AutoCloseable {
  /** Bytes that pinned memory has room for in one direction, beside lengths, labels and losses. */
  static final int PIECE_BYTES = 16 << 20;

  private final Kernels kernels;
  private final Stream stream = new Stream();
  private final Staging in = new Staging();
  private final Staging out = new Staging();
  private DeviceMemory memory;

  // of the chunk that is under way
  private HostCall call;
  private Chunk chunk;
  private Layout layout;
  private final List<Output> outputs = new ArrayList<>();

  Lane(Kernels kernels) {
    this.kernels = kernels;
  }

  /**
   * Where things lie: those that go up together, the numbers, those that come down together, and
   * the workspace. Offsets in bytes from the start of the device memory.
   */
  private record Layout(
      long starts,
      long stateStarts,
      long targetStarts,
      long weights,
      long targetLengths,
      long inputLengths,
      long labels,
      int upBytes,
      long losses,
      long statuses,
      int downBytes,
      long logits,
      long gradient,
      long posteriors,
      long statePosteriors,
      long workspace,
      long bytes) {

    static Layout of(HostCall call, Chunk chunk) {
      long n = chunk.count();
      long stateStarts = 8 * n;
      long targetStarts = stateStarts + (call.statePosteriors() == null ? 0 : 8 * n);
      long weights = targetStarts + 8 * n;
      long targetLengths = weights + 8 * n;
      long inputLengths = targetLengths + 4 * n;
      long labels = inputLengths + 4 * n;
      long up = Workspace.align(labels + 4 * chunk.totalLabels());
      long losses = up;
      long statuses = losses + 8 * n;
      long down = Workspace.align(12 * n);
      long logits = losses + down;
      long gradient = logits + bytes(chunk, call.logits());
      long posteriors = gradient + bytes(chunk, call.gradient());
      long statePosteriors = posteriors + bytes(chunk, call.posteriors());
      long workspace = statePosteriors + bytes(chunk, call.statePosteriors());
      return new Layout(
          0,
          stateStarts,
          targetStarts,
          weights,
          targetLengths,
          inputLengths,
          labels,
          Math.toIntExact(up),
          losses,
          statuses,
          Math.toIntExact(down),
          logits,
          gradient,
          posteriors,
          statePosteriors,
          workspace,
          workspace + chunk.workspace().bytes());
    }

    private static long bytes(Chunk chunk, HostTensor tensorOrNull) {
      return tensorOrNull == null
          ? 0
          : Workspace.align(numbers(chunk, tensorOrNull) * size(tensorOrNull));
    }

    static long numbers(Chunk chunk, HostTensor tensor) {
      return chunk.totalFrames() * tensor.columns();
    }

    static int size(HostTensor tensor) {
      return tensor.stagedType().bytes();
    }
  }

  /** A tensor that comes down, and where it lies in device memory. */
  private record Output(HostTensor tensor, long offset) {}

  /** Whether a chunk is under way. */
  boolean isBusy() {
    return chunk != null;
  }

  /** Whether it holds device memory. */
  boolean hasMemory() {
    return memory != null;
  }

  /**
   * Enqueues copies and kernels of a chunk. Returns without waiting for the device where the chunk
   * fits into the pinned memory.
   */
  void submit(HostCall nextCall, Chunk next) {
    call = nextCall;
    chunk = next;
    layout = Layout.of(call, chunk);
    findOutputs();
    try {
      reserve();
      uploadDescription();
      upload();
      DeviceBatch batch = deviceBatch();
      kernels.enqueue(
          batch,
          CallOptions.ofHost(deviceOptions()),
          deviceResult(),
          chunk.workspace(),
          memory.address() + layout.workspace,
          new Launch(stream.handle(), batch::shape));
      copyDown(layout.losses, 0, layout.downBytes);
      if (!outputs.isEmpty()) {
        Output first = outputs.get(0);
        copyDown(first.offset, layout.downBytes, firstPiece(first.tensor));
      }
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** Waits for the chunk that is under way, if there is one, and hands out its results. */
  void finish() {
    if (chunk == null) {
      return;
    }
    try {
      stream.await(this::doing);
      readLosses();
      for (Output output : outputs) {
        download(output);
      }
      forget();
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /**
   * Forgets the chunk that is under way, after a failure.
   *
   * @throws StillRunning if its memory may still be in use
   */
  void abandon(Throwable failure) {
    if (chunk != null) {
      forget();
      stream.settle(failure);
    }
  }

  private void forget() {
    call = null;
    chunk = null;
    outputs.clear();
  }

  private String doing() {
    return "computing " + chunk.shape(call);
  }

  private void reserve() {
    Supplier<String> doing = () -> chunk.shape(call);
    if (memory == null || memory.bytes() < layout.bytes) {
      release();
      memory = new DeviceMemory(layout.bytes, doing);
    }
    in.reserve(Math.addExact(layout.upBytes, firstPiece(call.logits())), doing);
    int down = outputs.stream().mapToInt(output -> firstPiece(output.tensor)).max().orElse(0);
    out.reserve(Math.addExact(layout.downBytes, down), doing);
  }

  /** Gives the device memory back; no chunk may be under way. */
  void release() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }

  private void findOutputs() {
    outputs.clear();
    addOutput(call.gradient(), layout.gradient);
    addOutput(call.posteriors(), layout.posteriors);
    addOutput(call.statePosteriors(), layout.statePosteriors);
  }

  private void addOutput(HostTensor tensorOrNull, long offset) {
    if (tensorOrNull != null) {
      outputs.add(new Output(tensorOrNull, offset));
    }
  }

  private int firstPiece(HostTensor tensor) {
    return (int) Math.min(PIECE_BYTES, Layout.numbers(chunk, tensor) * Layout.size(tensor));
  }

  private void uploadDescription() {
    ByteBuffer bytes = in.bytes();
    int[] labels = new int[chunk.labels()];
    long frames = 0;
    int targetStart = 0;
    for (int i = 0; i < chunk.count(); i++) {
      int n = chunk.first() + i;
      int length = call.batch().targets().length(n);
      bytes.putLong((int) layout.starts + 8 * i, frames * call.classes());
      if (call.statePosteriors() != null) {
        long start = frames * call.statePosteriors().columns();
        bytes.putLong((int) layout.stateStarts + 8 * i, start);
      }
      bytes.putLong((int) layout.targetStarts + 8 * i, targetStart);
      bytes.putDouble((int) layout.weights + 8 * i, call.weights()[n]);
      bytes.putInt((int) layout.targetLengths + 4 * i, length);
      bytes.putInt((int) layout.inputLengths + 4 * i, call.batch().inputLength(n));
      call.batch().targets().copyTo(n, labels);
      int at = (int) layout.labels + 4 * targetStart;
      for (int k = 0; k < length; k++) {
        bytes.putInt(at + 4 * k, labels[k]);
      }
      frames += call.batch().inputLength(n);
      targetStart += length;
    }
    copyUp(0, 0, layout.upBytes);
  }

  private void upload() {
    int size = Layout.size(call.logits());
    Pieces pieces = new Pieces(call.logits());
    while (pieces.next()) {
      if (pieces.from > 0) {
        stream.await(this::doing); // the piece before is still being read
      }
      pieces.forEachUtterance(
          (n, from, count, at) ->
              call.logits().read(n, from, count, in, layout.upBytes / size + at));
      copyUp(layout.logits + pieces.from * size, layout.upBytes, pieces.count * size);
    }
  }

  /** The first piece of the first output was copied behind the kernels. */
  private void download(Output output) {
    int size = Layout.size(output.tensor);
    Pieces pieces = new Pieces(output.tensor);
    while (pieces.next()) {
      if (pieces.from > 0 || output != outputs.get(0)) {
        copyDown(output.offset + pieces.from * size, layout.downBytes, pieces.count * size);
        stream.await(this::doing);
      }
      pieces.forEachUtterance(
          (n, from, count, at) ->
              output.tensor.write(n, from, count, out, layout.downBytes / size + at));
    }
    for (int n = chunk.first(); n < chunk.end(); n++) {
      output.tensor.clear(n, call.batch().inputLength(n));
    }
  }

  private void readLosses() {
    for (int i = 0; i < chunk.count(); i++) {
      int n = chunk.first() + i;
      call.losses()[n] = out.bytes().getDouble(8 * i);
      call.statuses()[n] = status(n, out.bytes().getInt(8 * chunk.count() + 4 * i));
    }
  }

  /** What a kernel wrote as the status of utterance n, whose arguments the host has checked. */
  static CtcStatus status(int n, int code) {
    return switch (code) {
      case DeviceResult.OK -> CtcStatus.OK;
      case DeviceResult.INFEASIBLE -> CtcStatus.INFEASIBLE;
      case DeviceResult.NOT_FINITE -> CtcStatus.NOT_FINITE;
      default ->
          throw new IllegalStateException(
              "utterance %d got status %d from the device after its arguments had been checked: were they changed during the call?"
                  .formatted(n, code));
    };
  }

  private DeviceBatch deviceBatch() {
    long base = memory.address();
    return new DeviceBatch(
        packed(layout.logits, call.logits(), layout.starts),
        chunk.frames(),
        chunk.count(),
        call.classes(),
        DeviceTargets.concatenated(
            base + layout.labels,
            chunk.totalLabels(),
            base + layout.targetStarts,
            base + layout.targetLengths,
            chunk.labels()),
        base + layout.inputLengths,
        base + layout.inputLengths, // room for what is used; the rest of the gradient is the host's
        base + layout.weights);
  }

  /** Weights, reduction and zeroInfinity are dealt with on the host. */
  private CtcOptions deviceOptions() {
    return call.options().withReduction(Reduction.NONE).withZeroInfinity(false);
  }

  private DeviceResult deviceResult() {
    long base = memory.address();
    return new DeviceResult(
        base + layout.losses,
        base + layout.statuses,
        0,
        packed(layout.gradient, call.gradient(), layout.starts),
        packed(layout.posteriors, call.posteriors(), layout.starts),
        packed(layout.statePosteriors, call.statePosteriors(), layout.stateStarts));
  }

  private DeviceTensor packed(long offset, HostTensor tensorOrNull, long starts) {
    if (tensorOrNull == null) {
      return null;
    }
    long base = memory.address();
    return DeviceTensor.packed(
        base + offset, tensorOrNull.stagedType(), base + starts, tensorOrNull.columns());
  }

  private void copyUp(long offset, int from, int bytes) {
    if (bytes > 0) {
      Driver.call(
          "cuMemcpyHtoDAsync",
          this::doing,
          () ->
              cuMemcpyHtoDAsync(
                  DeviceMemory.pointer(memory.address() + offset),
                  in.memory().pointer(from),
                  bytes,
                  stream.handle()));
    }
  }

  private void copyDown(long offset, int to, int bytes) {
    if (bytes > 0) {
      Driver.call(
          "cuMemcpyDtoHAsync",
          this::doing,
          () ->
              cuMemcpyDtoHAsync(
                  out.memory().pointer(to),
                  DeviceMemory.pointer(memory.address() + offset),
                  bytes,
                  stream.handle()));
    }
  }

  /** What of an utterance lies in a piece. */
  private interface Part {
    /** Numbers [from, from + count) of utterance n, at number {@code at} of the piece. */
    void copy(int n, long from, int count, int at);
  }

  /** Cuts the chunk's numbers into pieces that fit into the pinned memory. */
  private final class Pieces {
    private final HostTensor tensor;
    private final int most;
    private long from;
    private int count;

    Pieces(HostTensor tensor) {
      this.tensor = tensor;
      this.most = PIECE_BYTES / Layout.size(tensor);
    }

    boolean next() {
      from += count;
      count = (int) Math.min(most, Layout.numbers(chunk, tensor) - from);
      return count > 0;
    }

    void forEachUtterance(Part part) {
      long start = 0;
      for (int n = chunk.first(); n < chunk.end() && start < from + count; n++) {
        long end = start + (long) call.batch().inputLength(n) * tensor.columns();
        long low = Math.max(start, from);
        long high = Math.min(end, from + count);
        if (low < high) {
          part.copy(n, low - start, (int) (high - low), (int) (low - from));
        }
        start = end;
      }
    }
  }

  @Override
  public void close() {
    release();
    in.close();
    out.close();
    stream.close();
  }
}
