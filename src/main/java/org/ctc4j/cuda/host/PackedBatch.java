package org.ctc4j.cuda.host;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.Targets;
import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * What the device is told of a chunk, one region at the start of its memory that goes up at once:
 * where each utterance begins in tensors of so many columns, where its target does, its weight, its
 * lengths, and the labels of all.
 */
final class PackedBatch {
  private final Utterances utterances;
  private final Chunk chunk;
  private final double[] weights;
  private final int[] columns;

  /**
   * @param weights (N) of all utterances, or null for none
   * @param columns of all the tensors; those of the same number share their starts
   */
  PackedBatch(Utterances utterances, Chunk chunk, double[] weights, int... columns) {
    this.utterances = utterances;
    this.chunk = chunk;
    this.weights = weights;
    this.columns = Arrays.stream(columns).distinct().toArray();
  }

  Utterances utterances() {
    return utterances;
  }

  Chunk chunk() {
    return chunk;
  }

  int bytes() {
    return Math.toIntExact(DeviceLayout.align(labels() + 4 * chunk.totalLabels()));
  }

  // offsets, in the order of the region

  /** Of where utterances begin in tensors of so many columns, (N) int64. */
  long starts(int ofColumns) {
    int i = 0;
    while (columns[i] != ofColumns) {
      i++;
    }
    return int64s(i);
  }

  private long targetStarts() {
    return int64s(columns.length);
  }

  private long weights() {
    return int64s(columns.length + 1);
  }

  private long targetLengths() {
    return int64s(columns.length + (weights == null ? 1 : 2));
  }

  private long inputLengths() {
    return targetLengths() + 4L * chunk.count();
  }

  private long labels() {
    return inputLengths() + 4L * chunk.count();
  }

  private long int64s(int arrays) {
    return 8L * arrays * chunk.count();
  }

  /** The region as it goes up, from byte 0 on. */
  void write(ByteBuffer into) {
    ByteBuffer to = into.duplicate().order(into.order()).clear();
    Targets targets = utterances.targets();
    for (int width : columns) {
      long start = 0;
      for (int n = chunk.first(); n < chunk.end(); n++) {
        to.putLong(start);
        start += (long) utterances.frames(n) * width;
      }
    }
    long start = 0;
    for (int n = chunk.first(); n < chunk.end(); n++) {
      to.putLong(start);
      start += targets.length(n);
    }
    for (int n = chunk.first(); n < chunk.end() && weights != null; n++) {
      to.putDouble(weights[n]);
    }
    for (int n = chunk.first(); n < chunk.end(); n++) {
      to.putInt(targets.length(n));
    }
    for (int n = chunk.first(); n < chunk.end(); n++) {
      to.putInt(utterances.frames(n));
    }
    int[] labels = new int[chunk.labels()];
    for (int n = chunk.first(); n < chunk.end(); n++) {
      targets.copyTo(n, labels);
      for (int i = 0; i < targets.length(n); i++) {
        to.putInt(labels[i]);
      }
    }
  }

  /**
   * The batch on the device.
   *
   * @param base device address of the region
   * @param tensor logits, or hidden states
   * @param classes how many a frame of it has
   */
  DeviceBatch on(long base, DeviceTensor tensor, int classes) {
    DeviceTargets targets =
        DeviceTargets.concatenated(
            base + labels(),
            chunk.totalLabels(),
            base + targetStarts(),
            base + targetLengths(),
            chunk.labels());
    return new DeviceBatch(
        tensor,
        chunk.frames(),
        chunk.count(),
        classes,
        utterances.wildcards() == null ? targets : targets.withWildcards(utterances.wildcards()),
        base + inputLengths(),
        base + inputLengths(), // room for what is used; the rest of a gradient is the host's
        weights == null ? 0 : base + weights());
  }
}
