package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;

/**
 * Takes chunks of host alignments through the device, on a stream of its own, and waits for each.
 * Device memory and pinned memory are kept from chunk to chunk and grow. The context must be
 * current. Not thread-safe.
 */
final class AlignmentLane implements AutoCloseable {
  /** Bytes of pinned memory for numbers on their way, beside lengths and labels. */
  private static final int PIECE_BYTES = Lane.PIECE_BYTES;

  private final AlignKernels kernels;
  private final Stream stream = new Stream();
  private final Staging staging = new Staging();
  private DeviceMemory memory;

  // of the chunk that is under way
  private HostAlignment call;
  private HostAlignment.Chunk chunk;
  private Layout layout;

  AlignmentLane(AlignKernels kernels) {
    this.kernels = kernels;
  }

  /** Where things lie in the device memory: offsets in bytes. The first part goes up together. */
  private record Layout(
      long logitsStarts,
      long pathStarts,
      long targetStarts,
      long targetLengths,
      long inputLengths,
      long labels,
      int upBytes,
      long scores,
      long statuses,
      long logProbabilities,
      long states,
      long logits,
      long workspace,
      long bytes) {

    static Layout of(HostAlignment call, HostAlignment.Chunk chunk) {
      long n = chunk.count();
      long frames = chunk.totalFrames();
      long labels = 3 * 8 * n + 2 * 4 * n;
      long up = Workspace.align(labels + 4 * chunk.totalLabels());
      long statuses = up + Workspace.align(8 * n);
      long logProbabilities = statuses + Workspace.align(4 * n);
      long states = logProbabilities + Workspace.align(8 * frames);
      long logits = states + Workspace.align(4 * frames);
      long workspace =
          logits + Workspace.align(frames * call.classes() * call.logits().stagedType().bytes());
      return new Layout(
          0,
          8 * n,
          16 * n,
          24 * n,
          28 * n,
          labels,
          Math.toIntExact(up),
          up,
          statuses,
          logProbabilities,
          states,
          logits,
          workspace,
          workspace + chunk.workspace().bytes());
    }
  }

  /** Aligns the utterances of a chunk; returns when their paths are in the call's arrays. */
  void run(HostAlignment next, HostAlignment.Chunk nextChunk) {
    call = next;
    chunk = nextChunk;
    layout = Layout.of(call, chunk);
    try {
      reserve();
      uploadDescription();
      uploadLogits();
      kernels.enqueue(
          deviceBatch(),
          CallOptions.ofHost(call.options()),
          devicePaths(),
          chunk.workspace(),
          memory.address() + layout.workspace,
          stream.handle());
      downloadStatuses();
      downloadPaths();
    } catch (RuntimeException | Error e) {
      stream.settle(e);
      throw e;
    } finally {
      call = null;
      chunk = null;
    }
  }

  private String doing() {
    return chunk.shape(call.classes());
  }

  private void reserve() {
    Supplier<String> doing = this::doing;
    if (memory == null || memory.bytes() < layout.bytes) {
      release();
      memory = new DeviceMemory(layout.bytes, doing);
    }
    long most =
        Math.max(
            Math.max(layout.upBytes, 4L * chunk.count()),
            Math.max(
                chunk.totalFrames() * 8,
                chunk.totalFrames() * call.classes() * call.logits().stagedType().bytes()));
    staging.reserve(Math.max(layout.upBytes, (int) Math.min(PIECE_BYTES, most)), doing);
  }

  private void release() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }

  private void uploadDescription() {
    ByteBuffer bytes = staging.bytes();
    int[] target = new int[chunk.labels()];
    long pathStart = 0;
    int targetStart = 0;
    for (int i = 0; i < chunk.count(); i++) {
      int n = chunk.first() + i;
      int length = call.batch().targets().length(n);
      bytes.putLong((int) layout.logitsStarts + 8 * i, pathStart * call.classes());
      bytes.putLong((int) layout.pathStarts + 8 * i, pathStart);
      bytes.putLong((int) layout.targetStarts + 8 * i, targetStart);
      bytes.putInt((int) layout.targetLengths + 4 * i, length);
      bytes.putInt((int) layout.inputLengths + 4 * i, call.frames(n));
      call.batch().targets().copyTo(n, target);
      int at = (int) layout.labels + 4 * targetStart;
      for (int k = 0; k < length; k++) {
        bytes.putInt(at + 4 * k, target[k]);
      }
      pathStart += call.frames(n);
      targetStart += length;
    }
    copyUp(0, layout.upBytes);
  }

  private void uploadLogits() {
    int size = call.logits().stagedType().bytes();
    forEachPiece(
        call.classes(),
        size,
        piece -> {
          stream.await(this::doing); // what the staging memory held is still being read
          piece.forEachUtterance(
              (n, from, count, at) -> call.logits().read(n, from, count, staging, at));
          copyUp(layout.logits + piece.from * size, piece.count * size);
        });
    stream.await(this::doing);
  }

  private void downloadStatuses() {
    for (int i = 0; i < chunk.count(); ) {
      int count = Math.min(chunk.count() - i, staging.memory().bytes() / 4);
      copyDown(layout.statuses + 4L * i, 4 * count);
      for (int k = 0; k < count; k++) {
        int n = chunk.first() + i + k;
        call.statuses()[n] = Lane.status(n, staging.bytes().getInt(4 * k));
        boolean found = call.statuses()[n] == CtcStatus.OK;
        call.states()[n] = new int[found ? call.frames(n) : 0];
        call.logProbabilities()[n] = new double[found ? call.frames(n) : 0];
      }
      i += count;
    }
  }

  private void downloadPaths() {
    forEachPiece(
        1,
        8,
        piece -> {
          copyDown(layout.logProbabilities + piece.from * 8, piece.count * 8);
          piece.forEachUtterance(
              (n, from, count, at) -> {
                if (call.statuses()[n] == CtcStatus.OK) {
                  staging.doubles().get(at, call.logProbabilities()[n], (int) from, count);
                }
              });
          copyDown(layout.states + piece.from * 4, piece.count * 4);
          piece.forEachUtterance(
              (n, from, count, at) -> {
                for (int k = 0; k < count && call.statuses()[n] == CtcStatus.OK; k++) {
                  call.states()[n][(int) from + k] = staging.bytes().getInt(4 * (at + k));
                }
              });
        });
  }

  private DeviceBatch deviceBatch() {
    long base = memory.address();
    return new DeviceBatch(
        DeviceTensor.packed(
            base + layout.logits,
            call.logits().stagedType(),
            base + layout.logitsStarts,
            call.classes()),
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
        base + layout.inputLengths, // room for what is used
        0);
  }

  private DevicePaths devicePaths() {
    long base = memory.address();
    return new DevicePaths(
        base + layout.states,
        base + layout.logProbabilities,
        base + layout.pathStarts,
        base + layout.scores,
        base + layout.statuses);
  }

  private void copyUp(long offset, int bytes) {
    if (bytes > 0) {
      Driver.call(
          "cuMemcpyHtoDAsync",
          this::doing,
          () ->
              cuMemcpyHtoDAsync(
                  DeviceMemory.pointer(memory.address() + offset),
                  staging.memory().pointer(0),
                  bytes,
                  stream.handle()));
    }
  }

  /** And waits for it. */
  private void copyDown(long offset, int bytes) {
    Driver.call(
        "cuMemcpyDtoHAsync",
        this::doing,
        () ->
            cuMemcpyDtoHAsync(
                staging.memory().pointer(0),
                DeviceMemory.pointer(memory.address() + offset),
                bytes,
                stream.handle()));
    stream.await(this::doing);
  }

  /** Some of the numbers that the chunk's utterances have, packed one behind the other. */
  private final class Piece {
    private final int perFrame;
    private final long from;
    private final int count;

    Piece(int perFrame, long from, int count) {
      this.perFrame = perFrame;
      this.from = from;
      this.count = count;
    }

    /** What of each utterance lies in this piece. */
    void forEachUtterance(Part part) {
      long start = 0;
      for (int n = chunk.first(); n < chunk.end() && start < from + count; n++) {
        long end = start + (long) call.frames(n) * perFrame;
        long low = Math.max(start, from);
        long high = Math.min(end, from + count);
        if (low < high) {
          part.take(n, low - start, (int) (high - low), (int) (low - from));
        }
        start = end;
      }
    }
  }

  /** Numbers [from, from + count) of utterance n, at number {@code at} of a piece. */
  private interface Part {
    void take(int n, long from, int count, int at);
  }

  private interface PieceWork {
    void run(Piece piece);
  }

  private void forEachPiece(int perFrame, int numberBytes, PieceWork work) {
    long all = chunk.totalFrames() * perFrame;
    int most = staging.memory().bytes() / numberBytes;
    for (long from = 0; from < all; from += most) {
      work.run(new Piece(perFrame, from, (int) Math.min(most, all - from)));
    }
  }

  @Override
  public void close() {
    release();
    staging.close();
    stream.close();
  }
}
