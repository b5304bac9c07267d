package org.ctc4j.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzReader;

/** The targets of a file, padded or concatenated, and their lengths. */
final class TargetArrays {
  private static final Set<Integer> PADDING = Set.of(-1, -100);

  private final NpzReader npz;
  private final ArrayOptions arrays;
  private final int blank;
  private final String targets;
  private final String lengths;
  private final boolean areNamed;
  private final boolean hasLengths;

  TargetArrays(NpzReader npz, InputOptions options) {
    this.npz = npz;
    this.arrays = options.arrays;
    this.blank = options.blank;
    this.targets = arrays.targets == null ? "targets" : arrays.targets;
    this.lengths = arrays.targetLengths == null ? "target_lengths" : arrays.targetLengths;
    this.areNamed = arrays.targets != null || arrays.targetLengths != null;
    this.hasLengths = arrays.targetLengths != null || npz.contains(lengths);
  }

  /** What they are called. */
  Set<String> names() {
    return Set.of(targets, lengths);
  }

  /** Whether somebody said what they are called: then they must be there. */
  boolean areNamed() {
    return areNamed;
  }

  boolean areThere() {
    return npz.contains(targets);
  }

  Targets read(FrameShape frames) throws IOException {
    int utterances = frames.utterances();
    arrays.require(npz, targets, "--targets");
    NpyArray array = npz.read(targets);
    long[] shape = array.shape();
    int[] read = null;
    if (hasLengths) {
      read = vector(npz.read(lengths), lengths, utterances);
      frames.requireOneEach(lengths, read.length);
    }
    if (array.rank() == 1) {
      if (read != null) {
        return Targets.concatenated(array.toIntsExact(), read);
      }
      if (utterances != 1) {
        throw new InvalidInputException(
            "%s: missing; %s of shape %s are concatenated and need them"
                .formatted(lengths, targets, FloatArrays.tuple(shape)));
      }
      shape = new long[] {1, shape[0]};
    }
    if (shape.length != 2 || shape[0] != utterances || shape[1] > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "%s: expected shape (N, Lmax) with N = %d, or concatenated labels, got shape %s%s"
              .formatted(
                  targets,
                  utterances,
                  FloatArrays.tuple(shape),
                  shape.length == 2 ? frames.hintIfSwapped(shape[0]) : ""));
    }
    int maxLength = (int) shape[1];
    int[] labels =
        array.header().fortranOrder()
            ? transposed(array.toIntsExact(), utterances, maxLength)
            : array.toIntsExact();
    return Targets.padded(
        labels, maxLength, read == null ? unpadded(labels, utterances, maxLength) : read);
  }

  /** Lengths without what PyTorch's and TensorFlow's users fill up with. */
  private int[] unpadded(int[] labels, int utterances, int maxLength) {
    int[] unpadded = filled(utterances, maxLength);
    for (int n = 0; n < utterances; n++) {
      int last = n * maxLength - 1;
      while (unpadded[n] > 0 && PADDING.contains(labels[last + unpadded[n]])) {
        unpadded[n]--;
      }
      if (unpadded[n] > 0 && labels[last + unpadded[n]] == blank) {
        throw new InvalidInputException(
            "%s: utterance %d has label %d at position %d, the blank, expected others; padding is -1, or what is beyond %s"
                .formatted(targets, n, blank, unpadded[n] - 1, lengths));
      }
    }
    return unpadded;
  }

  /**
   * One number for each utterance: (N), or (N, 1), as Keras has lengths, or of a single utterance
   * the number alone.
   */
  static int[] vector(NpyArray array, String name, int utterances) throws IOException {
    boolean isColumn = array.rank() == 2 && array.shape()[1] == 1;
    boolean isScalar = array.rank() == 0 && utterances == 1;
    if (array.rank() != 1 && !isColumn && !isScalar) {
      throw new InvalidInputException(
          "%s: expected 1 dimension, (N), got shape %s"
              .formatted(name, FloatArrays.tuple(array.shape())));
    }
    return array.toIntsExact();
  }

  static int[] filled(int count, int value) {
    int[] array = new int[count];
    Arrays.fill(array, value);
    return array;
  }

  private static int[] transposed(int[] fortran, int rows, int columns) {
    return IntStream.range(0, fortran.length)
        .map(i -> fortran[i % columns * rows + i / columns])
        .toArray();
  }
}
