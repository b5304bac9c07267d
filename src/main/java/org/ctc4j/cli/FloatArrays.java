package org.ctc4j.cli;

import java.io.IOException;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Set;
import org.ctc4j.Elements;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpyHeader;

/** Arrays of floating-point numbers in a file: their types, and what they must look like. */
final class FloatArrays {
  private static final Set<String> BITS16 = Set.of("u2", "V2");
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8; // that a JVM makes

  private FloatArrays() {}

  /**
   * Refuses an array of another type.
   *
   * @param bfloat16 whether 16 bits are those of bfloat16 numbers, and nothing else is expected
   */
  static void requireType(NpyHeader header, String name, boolean bfloat16) {
    String kind = header.dtype().substring(1);
    String expected = bfloat16 ? "u2 or V2 (the bits of bfloat16)" : "f2, f4 or f8";
    if (!(bfloat16 ? BITS16 : Set.of("f2", "f4", "f8")).contains(kind)) {
      throw new InvalidInputException(
          "%s: expected dtype %s, got '%s'%s"
              .formatted(
                  name,
                  expected,
                  header.dtype(),
                  BITS16.contains(kind) ? "; --bfloat16 reads it as bfloat16" : ""));
    }
  }

  /**
   * The dimensions of an array that must have as many as {@code axes} names, the last of them at
   * least 1.
   */
  static int[] shape(NpyHeader header, String name, int rank, String axes) {
    if (header.rank() != rank) {
      throw new InvalidInputException(
          "%s: expected %d dimension%s, %s, got shape %s"
              .formatted(name, rank, rank == 1 ? "" : "s", axes, tuple(header.shape())));
    }
    int[] shape = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      long size = header.shape()[axis];
      if (size > LONGEST_ARRAY || axis == rank - 1 && size == 0) {
        String last = axes.substring(axes.length() - 2, axes.length() - 1);
        throw new InvalidInputException(
            "%s: expected every dimension to be at most %d and %s at least 1, got shape %s"
                .formatted(name, LONGEST_ARRAY, last, tuple(header.shape())));
      }
      shape[axis] = (int) size;
    }
    return shape;
  }

  /** The numbers, in the order of the file. */
  static Elements elements(NpyArray array) throws IOException {
    return switch (array.header().dtype().substring(1)) {
      case "f8" -> Elements.of(array.doubles());
      case "f4" -> Elements.of(array.floats());
      case "f2" -> Elements.float16(ShortBuffer.wrap(array.shorts()));
      default -> Elements.bfloat16(ShortBuffer.wrap(array.shorts()));
    };
  }

  static String tuple(long[] shape) {
    return Arrays.toString(shape).replace('[', '(').replace(']', ')');
  }
}
