package org.ctc4j.cuda.host;

import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUstream;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceTensor;
import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * A chunk on its way through the device: how its device memory is cut, what goes up, what is
 * enqueued and what comes down. All offsets are in bytes from the start of that memory, where the
 * {@link PackedBatch} lies.
 */
abstract class StagedChunk {
  private final PackedBatch packed;
  private final DeviceLayout layout = new DeviceLayout();
  private final long losses;
  private final List<Transfer> inputs = new ArrayList<>();
  private final List<Transfer> outputs = new ArrayList<>();

  StagedChunk(PackedBatch packed) {
    this.packed = packed;
    layout.next(packed.bytes());
    losses = layout.next(lossesBytes());
  }

  /** A tensor of the chunk's used frames in device memory. */
  record Staged(HostTensor tensor, long offset) {}

  // what a kind of call says

  /** For messages. */
  abstract String shape();

  /**
   * Enqueues the kernels.
   *
   * @param base address of the device memory, where inputs have gone up
   */
  abstract void enqueue(long base, CUstream stream);

  /** Takes what became of utterance n, before any output of it. */
  abstract void set(int n, double loss, CtcStatus status);

  /** Does what is left to do when all outputs have come down. */
  void finish() {}

  // for its constructor

  /** A region for what is neither input nor output. */
  final long region(long bytes) {
    return layout.next(bytes);
  }

  /** A tensor whose used frames go up. */
  final Staged input(HostTensor tensor) {
    long at = region(tensor.columns(), tensor.stagedType().bytes());
    inputs.add(ofFrames(tensor.columns(), tensor.stagedType().bytes(), at, tensor::read));
    return new Staged(tensor, at);
  }

  /** A tensor whose used frames come down, or null for none. */
  final Staged output(HostTensor tensor) {
    return tensor == null
        ? null
        : new Staged(tensor, output(tensor.columns(), tensor.stagedType().bytes(), tensor::write));
  }

  /** Something else with so many numbers a used frame, which come down; its offset. */
  final long output(int columns, int numberBytes, Transfer.Copying copying) {
    long at = region(columns, numberBytes);
    outputs.add(ofFrames(columns, numberBytes, at, copying));
    return at;
  }

  /** So many numbers of each utterance, which come down; their offset. */
  final long outputOfEach(int numbers, int numberBytes, Transfer.Copying copying) {
    Chunk chunk = packed.chunk();
    long at = region((long) chunk.count() * numbers * numberBytes);
    outputs.add(new Transfer(chunk.first(), chunk.count(), n -> numbers, numberBytes, at, copying));
    return at;
  }

  private long region(int columns, int numberBytes) {
    return region(packed.chunk().totalFrames() * columns * numberBytes);
  }

  private Transfer ofFrames(int columns, int numberBytes, long at, Transfer.Copying copying) {
    Utterances utterances = packed.utterances();
    Chunk chunk = packed.chunk();
    return new Transfer(
        chunk.first(),
        chunk.count(),
        n -> (long) utterances.frames(n) * columns,
        numberBytes,
        at,
        copying);
  }

  /** A matrix that goes up as a whole, or null for none; its offset, of nothing for none. */
  final long inputMatrix(HostTensor matrix) {
    return matrix == null ? region(0) : add(inputs, matrix, matrix::read);
  }

  /** A matrix that comes down as a whole, likewise. */
  final long outputMatrix(HostTensor matrix) {
    return matrix == null ? region(0) : add(outputs, matrix, matrix::write);
  }

  private long add(List<Transfer> transfers, HostTensor matrix, Transfer.Copying copying) {
    int numberBytes = matrix.stagedType().bytes();
    long at = region(matrix.numbers(0) * numberBytes);
    transfers.add(new Transfer(0, 1, matrix::numbers, numberBytes, at, copying));
    return at;
  }

  // for enqueue

  /** Address of the losses, (N) float64. */
  final long losses(long base) {
    return base + losses;
  }

  /** Address of the statuses, (N) int32, right behind the losses. */
  final long statuses(long base) {
    return base + losses + 8L * packed.chunk().count();
  }

  /** A tensor of the chunk's as the kernels take it; null if it is. */
  final DeviceTensor on(long base, Staged staged) {
    if (staged == null) {
      return null;
    }
    int columns = staged.tensor.columns();
    return DeviceTensor.packed(
        base + staged.offset, staged.tensor.stagedType(), base + packed.starts(columns), columns);
  }

  // for finish

  /** Sets what no frame is used for to 0, in host memory. */
  final void clearUnused(HostTensor tensor) {
    for (int n = chunk().first(); n < chunk().end(); n++) {
      tensor.clear(n, packed.utterances().frames(n));
    }
  }

  // for who takes it through

  final PackedBatch packed() {
    return packed;
  }

  final Chunk chunk() {
    return packed.chunk();
  }

  /** Of losses and statuses together. */
  final long lossesBytes() {
    return 12L * packed.chunk().count();
  }

  /** Of all regions. */
  final long bytes() {
    return layout.bytes();
  }

  final List<Transfer> inputs() {
    return inputs;
  }

  final List<Transfer> outputs() {
    return outputs;
  }
}
