package org.ctc4j;

import java.util.Objects;

/**
 * A (T, N, C) view of numbers in device memory, logits or a place for a gradient. The number of
 * frame t, utterance n and class c is element {@code start(n) + t * frameStride + c * classStride},
 * where {@code start(n)} is {@code starts[n]}, or {@code n * utteranceStride} without starts.
 *
 * @param address device address of element 0, a multiple of the element's size
 * @param type how each number is stored
 * @param starts device address of N int64, a multiple of 8: index of the first element of each
 *     utterance; or 0
 * @param utteranceStride elements from an utterance to the next, ≥ 0; not used with starts
 * @param frameStride elements from a frame to the next, ≥ 0
 * @param classStride elements from a class to the next, ≥ 0
 */
public record DeviceTensor(
    long address,
    ElementType type,
    long starts,
    long utteranceStride,
    long frameStride,
    long classStride) {

  public DeviceTensor {
    Objects.requireNonNull(type, "type");
    DeviceAddress.of(type).check("tensor.address", address);
    DeviceAddress.INT64.check("tensor.starts", starts);
    Strides.requireNoneNegative(frameStride, utteranceStride, classStride);
  }

  /** (T, N, C) in C order: index = (t * N + n) * C + c. */
  public static DeviceTensor timeMajor(
      long address, ElementType type, int utterances, int classes) {
    requireShape("N", utterances, classes);
    return new DeviceTensor(address, type, 0, classes, (long) utterances * classes, 1);
  }

  /** (N, T, C) in C order: index = (n * T + t) * C + c. */
  public static DeviceTensor batchMajor(long address, ElementType type, int frames, int classes) {
    requireShape("T", frames, classes);
    return new DeviceTensor(address, type, 0, (long) frames * classes, classes, 1);
  }

  /**
   * Ragged: index = starts[n] + t * C + c.
   *
   * @param starts device address of N int64
   */
  public static DeviceTensor packed(long address, ElementType type, long starts, int classes) {
    requireShape("N", 0, classes);
    DeviceAddress.INT64.require("tensor.starts", starts);
    return new DeviceTensor(address, type, starts, 0, classes, 1);
  }

  private static void requireShape(String axis, int size, int classes) {
    if (size < 0 || classes < 1) {
      throw new InvalidInputException(
          "expected %1$s ≥ 0 and C ≥ 1, got (%1$s, C) = (%2$d, %3$d)"
              .formatted(axis, size, classes));
    }
  }
}
