package org.ctc4j.frameworks;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;

/** Host memory that JavaCPP points to, as ctc4j reads and writes it. */
final class HostMemory {
  private static final long PIECE = 1L << 30; // bytes: a buffer holds less than 2^31

  private HostMemory() {}

  /**
   * A view, valid as long as the memory is: it does not keep the owner reachable.
   *
   * @param start of element 0
   */
  static Elements elements(Pointer start, ElementType type, long count) {
    if (count == 0) {
      return Elements.allocate(type, 0);
    }
    long bytes = count * type.bytes();
    Elements[] pieces = new Elements[Math.toIntExact((bytes + PIECE - 1) / PIECE)];
    for (int i = 0; i < pieces.length; i++) {
      BytePointer piece = new BytePointer(start);
      piece.position(i * PIECE).limit(Math.min(bytes, (i + 1) * PIECE));
      pieces[i] = Elements.of(piece.asByteBuffer(), type);
    }
    return pieces.length == 1 ? pieces[0] : Elements.concatenation(pieces);
  }

  /** How many elements lie from the first to the last of an array. */
  static long span(long[] sizes, long[] strides) {
    long last = 0;
    for (int axis = 0; axis < sizes.length; axis++) {
      if (sizes[axis] == 0) {
        return 0;
      }
      last += (sizes[axis] - 1) * strides[axis];
    }
    return last + 1;
  }
}
