package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.util.function.IntToLongFunction;
import java.util.function.Supplier;

/**
 * Copies between tensors in host memory and device memory where their utterances lie one behind the
 * other, in pieces that fit into pinned memory. Each copy is done when its method returns. The
 * context must be current. Not thread-safe.
 */
final class PackedCopies implements AutoCloseable {
  private final Staging staging = new Staging();
  private final Stream stream;
  private final int pieceBytes;

  PackedCopies(Stream stream, int pieceBytes) {
    this.stream = stream;
    this.pieceBytes = pieceBytes;
  }

  /** Copies pieces one way or the other. */
  private interface Copy {
    int code(long address, int bytes);
  }

  /**
   * To the device.
   *
   * @param numbers how many of each utterance go, from its first on
   */
  void up(
      HostTensor tensor,
      int utterances,
      IntToLongFunction numbers,
      long address,
      Supplier<String> doing) {
    Cursor cursor = new Cursor(utterances, numbers);
    forEachPiece(
        cursor,
        tensor.stagedType().bytes(),
        address,
        doing,
        (piece, to, bytes) -> {
          cursor.take(piece, (n, from, count, at) -> tensor.read(n, from, count, staging, at));
          copy("cuMemcpyHtoDAsync", to, bytes, doing, this::toDevice);
        });
  }

  /** From the device; what of the tensor is not copied stays as it is. */
  void down(
      HostTensor tensor,
      int utterances,
      IntToLongFunction numbers,
      long address,
      Supplier<String> doing) {
    Cursor cursor = new Cursor(utterances, numbers);
    forEachPiece(
        cursor,
        tensor.stagedType().bytes(),
        address,
        doing,
        (piece, from, bytes) -> {
          copy("cuMemcpyDtoHAsync", from, bytes, doing, this::toHost);
          cursor.take(piece, (n, at, count, in) -> tensor.write(n, at, count, staging, in));
        });
  }

  /** Staged bytes to the device, from the start of the staging memory on. */
  void up(long address, int bytes, Supplier<String> doing) {
    copy("cuMemcpyHtoDAsync", address, bytes, doing, this::toDevice);
  }

  /** Bytes from the device to the start of the staging memory. */
  void down(long address, int bytes, Supplier<String> doing) {
    copy("cuMemcpyDtoHAsync", address, bytes, doing, this::toHost);
  }

  /** Pinned memory of at least so many bytes; what was there is lost. */
  Staging reserve(int bytes, Supplier<String> doing) {
    staging.reserve(Math.max(1, bytes), doing);
    return staging;
  }

  /** One piece: how many numbers, and where on the device. */
  private interface Piece {
    void copy(int numbers, long address, int bytes);
  }

  private void forEachPiece(
      Cursor cursor, int size, long address, Supplier<String> doing, Piece piece) {
    long total = cursor.total();
    int most = pieceBytes / size;
    reserve((int) Math.min(most, total) * size, doing);
    for (long done = 0; done < total; done += most) {
      int count = (int) Math.min(most, total - done);
      piece.copy(count, address + done * size, count * size);
    }
  }

  private void copy(String name, long address, int bytes, Supplier<String> doing, Copy copy) {
    if (bytes > 0) {
      Driver.call(name, doing, () -> copy.code(address, bytes));
      stream.await(doing);
    }
  }

  private int toDevice(long address, int bytes) {
    return cuMemcpyHtoDAsync(
        DeviceMemory.pointer(address), staging.memory().pointer(0), bytes, stream.handle());
  }

  private int toHost(long address, int bytes) {
    return cuMemcpyDtoHAsync(
        staging.memory().pointer(0), DeviceMemory.pointer(address), bytes, stream.handle());
  }

  @Override
  public void close() {
    staging.close();
  }

  /** Goes through the numbers of all utterances in order. */
  private static final class Cursor {
    private final int utterances;
    private final IntToLongFunction numbers;
    private int utterance;
    private long done; // numbers of that utterance

    Cursor(int utterances, IntToLongFunction numbers) {
      this.utterances = utterances;
      this.numbers = numbers;
    }

    /** What of an utterance lies in a piece. */
    interface Part {
      /** Numbers [from, from + count) of utterance n, at number {@code at} of the piece. */
      void copy(int n, long from, int count, int at);
    }

    long total() {
      long sum = 0;
      for (int n = 0; n < utterances; n++) {
        sum += numbers.applyAsLong(n);
      }
      return sum;
    }

    /** The next {@code count} numbers. */
    void take(int count, Part part) {
      for (int at = 0; at < count; ) {
        long left = numbers.applyAsLong(utterance) - done;
        int length = (int) Math.min(left, count - at);
        if (length > 0) {
          part.copy(utterance, done, length, at);
        }
        at += length;
        done += length;
        if (done == numbers.applyAsLong(utterance)) {
          utterance++;
          done = 0;
        }
      }
    }
  }
}
