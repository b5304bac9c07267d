package org.ctc4j;

import java.nio.IntBuffer;

/**
 * Labels and lengths that come in other forms than {@code int[]}, which is what all of this library
 * takes: {@code Targets.padded(Ints.of(labels), maxLength, Ints.of(lengths))}. All are copies.
 */
public final class Ints {
  private Ints() {}

  /**
   * From {@code long[]}, as ONNX Runtime and others have them.
   *
   * @throws InvalidInputException if a number is out of the range of an int
   */
  public static int[] of(long[] numbers) {
    int[] ints = new int[numbers.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) numbers[i];
      if (ints[i] != numbers[i]) {
        throw new InvalidInputException(
            "element %d is %d, expected a number in [%d, %d]"
                .formatted(i, numbers[i], Integer.MIN_VALUE, Integer.MAX_VALUE));
      }
    }
    return ints;
  }

  /** From a buffer, heap or direct, from its position to its limit, which stay where they are. */
  public static int[] of(IntBuffer numbers) {
    int[] ints = new int[numbers.remaining()];
    numbers.duplicate().get(ints);
    return ints;
  }
}
