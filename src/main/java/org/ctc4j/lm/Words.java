package org.ctc4j.lm;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The words of a model in the order of their UTF-8; a word's number is its place.
 *
 * @param starts where each begins among the bytes, and where the last one ends
 */
record Words(int count, Column starts, ByteBuffer bytes) {

  String get(int i) {
    int start = starts.get(i);
    int end = starts.get(i + 1);
    if (start < 0 || start > end || end > bytes.limit()) {
      throw new IllegalStateException("the language model's file is damaged");
    }
    byte[] word = new byte[end - start];
    bytes.get(start, word);
    return new String(word, StandardCharsets.UTF_8);
  }

  /** Whether all bytes are a word's. */
  boolean isSound() {
    return starts.get(0) == 0 && starts.get(count) == bytes.limit();
  }

  /** −1 if it is not there. */
  int find(String word) {
    ByteBuffer sought = ByteBuffer.wrap(word.getBytes(StandardCharsets.UTF_8));
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      int order = compare(middle, sought);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return -1;
  }

  private int compare(int i, ByteBuffer sought) {
    int start = starts.get(i);
    int end = starts.get(i + 1);
    if (start < 0 || start > end || end > bytes.limit()) {
      throw new IllegalStateException("the language model's file is damaged");
    }
    int common = Math.min(end - start, sought.limit());
    for (int k = 0; k < common; k++) {
      int order = Byte.compareUnsigned(bytes.get(start + k), sought.get(k));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(end - start, sought.limit());
  }
}
