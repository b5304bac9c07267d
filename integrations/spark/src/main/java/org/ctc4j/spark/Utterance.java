package org.ctc4j.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;

/**
 * What a row holds, checked as far as it takes to read it; the rest the library checks.
 *
 * @param numbers little-endian, (T, C); of the row, not a copy
 * @param frames how many of the T are used
 * @param labels of the target, empty where there is none
 */
record Utterance(ByteBuffer numbers, ElementType type, int frames, int classes, int[] labels) {
  Utterance {
    if (classes < 1) {
      throw new InvalidInputException("classes: expected 1 or more, got " + classes);
    }
    long frame = (long) classes * type.bytes();
    if (numbers.remaining() % frame != 0) {
      throw new InvalidInputException(
          "logits: expected a multiple of %d bytes, frames of %d classes of %s, got %d bytes"
              .formatted(frame, classes, type, numbers.remaining()));
    }
    if (frames < 0 || frames > numbers.remaining() / frame) {
      throw new InvalidInputException(
          "frames: expected a number in [0, %d], got %d"
              .formatted(numbers.remaining() / frame, frames));
    }
  }

  /** Of numbers that a row holds as an array. */
  static ByteBuffer bytes(float[] numbers) {
    if (numbers.length > Integer.MAX_VALUE / Float.BYTES) {
      throw new InvalidInputException(
          "logits: expected at most %d numbers, got %d"
              .formatted(Integer.MAX_VALUE / Float.BYTES, numbers.length));
    }
    ByteBuffer bytes = littleEndian(ByteBuffer.allocate(numbers.length * Float.BYTES));
    bytes.asFloatBuffer().put(numbers);
    return bytes;
  }

  /** How many frames there are, used or not. */
  static int frames(ByteBuffer numbers, ElementType type, int classes) {
    return classes < 1 ? 0 : (int) (numbers.remaining() / ((long) classes * type.bytes()));
  }

  /** (T, 1, C). */
  FrameTensor tensor() {
    Elements elements = Elements.of(numbers, type);
    return FrameTensor.batchMajor(elements, frames(numbers, type, classes), 1, classes);
  }

  /** Why there is no path to the target, or to anything. */
  String reason(CtcStatus status) {
    return switch (status) {
      case OK -> null;
      case INFEASIBLE -> whyInfeasible();
      case NOT_FINITE -> firstNotFinite();
    };
  }

  private String whyInfeasible() {
    int repeats = 0;
    for (int i = 1; i < labels.length; i++) {
      repeats += labels[i] == labels[i - 1] ? 1 : 0;
    }
    return (long) labels.length + repeats > frames
        ? "targets: %d labels, %d of them repeats, need %d frames or more, got %d"
            .formatted(labels.length, repeats, (long) labels.length + repeats, frames)
        : "logits: a probability of 0 blocks every path";
  }

  private String firstNotFinite() {
    FrameTensor tensor = tensor();
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < classes; c++) {
        double x = tensor.get(t, 0, c);
        if (Double.isNaN(x) || x == Double.POSITIVE_INFINITY) {
          return "logits: frame %d, class %d: expected a number below Infinity, got %s"
              .formatted(t, c, x);
        }
      }
    }
    throw new AssertionError("all used frames are finite");
  }

  static ByteBuffer littleEndian(ByteBuffer bytes) {
    return bytes.order(ByteOrder.LITTLE_ENDIAN);
  }
}
