package org.ctc4j.examples.nanopore;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import ai.djl.translate.Batchifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Chunks of a part of a read, and batches of chunks. */
final class Chunks {
  /** Of a chunk. */
  static final int SAMPLES = 1024;

  private final NanoporeRead read;
  private final int[] baseStarts;
  private final int from;
  private final int to;

  /**
   * @param from first sample that may be used
   * @param to the sample behind the last
   */
  Chunks(NanoporeRead read, int from, int to) {
    this.read = read;
    this.baseStarts = read.baseStarts();
    this.from = from;
    this.to = to;
  }

  /** A chunk that begins at any sample. */
  Chunk random(Random random) {
    return at(from + random.nextInt(to - from - SAMPLES + 1));
  }

  /** One chunk after the other. */
  List<Chunk> all() {
    List<Chunk> chunks = new ArrayList<>();
    for (int start = from; start + SAMPLES <= to; start += SAMPLES) {
      chunks.add(at(start));
    }
    return chunks;
  }

  private Chunk at(int start) {
    int first = behind(start - 1);
    int last = behind(start + SAMPLES - 1);
    return new Chunk(
        Arrays.copyOfRange(read.signal(), start, start + SAMPLES),
        Arrays.copyOfRange(read.bases(), first, last));
  }

  /** The first base that begins behind a sample. */
  private int behind(int sample) {
    int index = Arrays.binarySearch(baseStarts, sample + 1);
    if (index < 0) {
      return -index - 1;
    }
    while (index > 0 && baseStarts[index - 1] == sample + 1) { // bases that begin together
      index--;
    }
    return index;
  }

  /** Signals (N, 1, samples), scaled; targets (N, Lmax) and their lengths. */
  static Batch batch(NDManager parent, List<Chunk> chunks, Scale scale) {
    NDManager manager = parent.newSubManager();
    int size = chunks.size();
    int samples = chunks.get(0).signal().length;
    int longest = chunks.stream().mapToInt(chunk -> chunk.bases().length).max().orElseThrow();
    float[] signals = new float[size * samples];
    int[] targets = new int[size * longest];
    int[] targetLengths = new int[size];
    for (int n = 0; n < size; n++) {
      Chunk chunk = chunks.get(n);
      for (int i = 0; i < samples; i++) {
        signals[n * samples + i] = scale.of(chunk.signal()[i]);
      }
      targetLengths[n] = chunk.bases().length;
      for (int i = 0; i < targetLengths[n]; i++) {
        targets[n * longest + i] = chunk.bases()[i] + 1;
      }
    }
    NDList data = new NDList(manager.create(signals, new Shape(size, 1, samples)));
    NDList labels =
        new NDList(
            manager.create(targets, new Shape(size, longest)), manager.create(targetLengths));
    return new Batch(manager, data, labels, size, Batchifier.STACK, Batchifier.STACK, 0, 1);
  }
}
