package org.ctc4j.cuda.host;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.util.List;
import java.util.function.Supplier;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceResult;
import org.ctc4j.cuda.driver.DeviceLayout;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.Staging;
import org.ctc4j.cuda.driver.Stream;

/**
 * Takes chunks of host calls through the device, one at a time, on a stream of its own: two
 * pipelines overlap the copies of one chunk with the kernels of the other. Device memory and pinned
 * memory are kept from chunk to chunk and grow. The context must be current. Not thread-safe.
 */
final class ChunkPipeline implements AutoCloseable {
  /** Bytes that pinned memory has room for in one direction, beside lengths, labels and losses. */
  static final int PIECE_BYTES = 16 << 20;

  private final Stream stream = new Stream();
  private final Staging in = new Staging();
  private final Staging out = new Staging();
  private DeviceMemory memory;
  private StagedChunk staged; // that is under way, or null

  /** Whether it holds device memory. */
  boolean hasMemory() {
    return memory != null;
  }

  /**
   * Enqueues copies and kernels of a chunk. Returns without waiting for the device where what goes
   * up is one tensor that fits into the pinned memory.
   */
  void submit(StagedChunk next) {
    staged = next;
    try {
      reserve();
      staged.packed().write(in.bytes());
      copyUp(memory.address(), 0, upBytes());
      staged.inputs().forEach(this::upload);
      staged.enqueue(memory.address(), stream.handle());
      copyDown(staged.losses(memory.address()), 0, downBytes());
      if (!staged.outputs().isEmpty()) {
        PieceCutter first = pieces(staged.outputs().get(0));
        copyDown(memory.address() + first.offset(), downBytes(), first.mostBytes());
      }
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** Waits for the chunk that is under way, if there is one, and hands out its results. */
  void finish() {
    if (staged == null) {
      return;
    }
    try {
      stream.await(this::doing);
      readLosses();
      staged.outputs().forEach(this::download);
      staged.finish();
      staged = null;
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /**
   * Forgets the chunk that is under way, after a failure.
   *
   * @throws org.ctc4j.DeviceException of a lost device, if its memory may still be in use
   */
  void abandon(Throwable failure) {
    if (staged != null) {
      staged = null;
      stream.settle(failure);
    }
  }

  /** Gives the device memory back; no chunk may be under way. */
  void release() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }

  private String doing() {
    return "computing " + staged.shape();
  }

  private int upBytes() {
    return staged.packed().bytes();
  }

  /** Of losses and statuses. */
  private int downBytes() {
    return Math.toIntExact(DeviceLayout.align(staged.lossesBytes()));
  }

  private static PieceCutter pieces(Transfer transfer) {
    return new PieceCutter(transfer, PIECE_BYTES);
  }

  private void reserve() {
    Supplier<String> doing = staged::shape;
    if (memory == null || memory.bytes() < staged.bytes()) {
      release();
      memory = new DeviceMemory(staged.bytes(), doing);
    }
    in.reserve(Math.addExact(upBytes(), largestPiece(staged.inputs())), doing);
    out.reserve(Math.addExact(downBytes(), largestPiece(staged.outputs())), doing);
  }

  private static int largestPiece(List<Transfer> transfers) {
    return transfers.stream().mapToInt(transfer -> pieces(transfer).mostBytes()).max().orElse(0);
  }

  private void upload(Transfer transfer) {
    PieceCutter pieces = pieces(transfer);
    while (pieces.next()) {
      if (!pieces.isFirst() || transfer != staged.inputs().get(0)) {
        stream.await(this::doing); // the piece before is still being read
      }
      pieces.copy(in, upBytes());
      copyUp(memory.address() + pieces.offset(), upBytes(), pieces.bytes());
    }
  }

  /** The first piece of the first output was copied behind the kernels. */
  private void download(Transfer transfer) {
    PieceCutter pieces = pieces(transfer);
    while (pieces.next()) {
      if (!pieces.isFirst() || transfer != staged.outputs().get(0)) {
        copyDown(memory.address() + pieces.offset(), downBytes(), pieces.bytes());
        stream.await(this::doing);
      }
      pieces.copy(out, downBytes());
    }
  }

  private void readLosses() {
    int count = staged.chunk().count();
    for (int i = 0; i < count; i++) {
      int n = staged.chunk().first() + i;
      staged.set(n, out.bytes().getDouble(8 * i), status(n, out.bytes().getInt(8 * count + 4 * i)));
    }
  }

  /** What a kernel wrote as the status of utterance n, whose arguments the host has checked. */
  private static CtcStatus status(int n, int code) {
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

  private void copyUp(long address, int from, int bytes) {
    if (bytes > 0) {
      Driver.call(
          "cuMemcpyHtoDAsync",
          this::doing,
          () ->
              cuMemcpyHtoDAsync(
                  DeviceMemory.pointer(address),
                  in.memory().pointer(from),
                  bytes,
                  stream.handle()));
    }
  }

  private void copyDown(long address, int to, int bytes) {
    if (bytes > 0) {
      Driver.call(
          "cuMemcpyDtoHAsync",
          this::doing,
          () ->
              cuMemcpyDtoHAsync(
                  out.memory().pointer(to), DeviceMemory.pointer(address), bytes, stream.handle()));
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
