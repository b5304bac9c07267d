package org.ctc4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;

/** An array's numbers in host memory: where they are, or of an array on a GPU a copy. */
final class HostArray implements AutoCloseable {
  private final String name;
  private final NDArray array;
  private final boolean isCopy;

  /**
   * @param name of the array, for messages
   */
  HostArray(String name, NDArray array) {
    this.name = name;
    this.isCopy = array.getDevice().isGpu();
    this.array = isCopy ? array.toDevice(Device.cpu(), true) : array;
  }

  /** A view of three dimensions, valid until this or the array is closed. */
  FrameTensor frames(FrameLayout layout) {
    Shape shape = array.getShape();
    if (shape.dimension() != 3) {
      throw new InvalidInputException(
          "%s: expected %s, got the shape %s".formatted(name, layout.axes, shape));
    }
    int frames = Math.toIntExact(shape.get(layout.frameAxis));
    int utterances = Math.toIntExact(shape.get(layout.utteranceAxis));
    int classes = Math.toIntExact(shape.get(2));
    return layout == FrameLayout.TIME_MAJOR
        ? FrameTensor.timeMajor(elements(), frames, utterances, classes)
        : FrameTensor.batchMajor(elements(), frames, utterances, classes);
  }

  /** A view of the two dimensions (T, C), as a batch of one utterance. */
  FrameTensor utterance() {
    Shape shape = array.getShape();
    if (shape.dimension() != 2) {
      throw new InvalidInputException(
          "%s: expected (T, C), got the shape %s".formatted(name, shape));
    }
    return FrameTensor.timeMajor(
        elements(), Math.toIntExact(shape.get(0)), 1, Math.toIntExact(shape.get(1)));
  }

  private Elements elements() {
    return switch (array.getDataType()) {
      case FLOAT32 -> Elements.of(bytes().asFloatBuffer());
      case FLOAT64 -> Elements.of(bytes().asDoubleBuffer());
      case FLOAT16 -> Elements.float16(bytes().asShortBuffer());
      case BFLOAT16 -> Elements.bfloat16(bytes().asShortBuffer());
      default ->
          throw new InvalidInputException(
              "%s: expected float32, float64, float16 or bfloat16, got %s"
                  .formatted(name, array.getDataType()));
    };
  }

  /**
   * A copy of an array of integers.
   *
   * @throws InvalidInputException if a number is beyond an int
   */
  int[] integers() {
    return switch (array.getDataType()) {
      case INT32 -> array.toIntArray();
      case INT64 -> {
        long[] longs = array.toLongArray();
        int[] ints = new int[longs.length];
        for (int i = 0; i < ints.length; i++) {
          ints[i] = (int) longs[i];
          if (ints[i] != longs[i]) {
            throw new InvalidInputException(
                "%s: expected an int at index %d, got %d".formatted(name, i, longs[i]));
          }
        }
        yield ints;
      }
      default ->
          throw new InvalidInputException(
              "%s: expected int32 or int64, got %s".formatted(name, array.getDataType()));
    };
  }

  Shape shape() {
    return array.getShape();
  }

  /** A view if the engine gives one, as PyTorch's does. */
  private ByteBuffer bytes() {
    long bytes = array.size() * array.getDataType().getNumOfBytes();
    if (bytes > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "%s: expected at most %d bytes, as DJL gives no larger buffer, got %d"
              .formatted(name, Integer.MAX_VALUE, bytes));
    }
    return array.toByteBuffer(true);
  }

  @Override
  public void close() {
    if (isCopy) {
      array.close();
    }
  }
}
