package org.ctc4j.lm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Words by their UTF-8 while a file is read, numbered as they come. */
final class WordIndex {
  private byte[] bytes = new byte[1 << 16];
  private int[] starts = new int[1 << 12];
  private int count;
  private int[] table = new int[1 << 13]; // number + 1 by hash; 0 is empty

  /** The word's number; −1 if it was there already, −2 if there is no more room. */
  int add(byte[] line, int from, int to) {
    if (find(line, from, to) >= 0) {
      return -1;
    }
    int start = starts[count];
    if (start > Integer.MAX_VALUE - 8 - (to - from) || count == 1 << 29) {
      return -2;
    }
    if (start + to - from > bytes.length) {
      int more = (int) Math.min(Integer.MAX_VALUE - 8, 2L * bytes.length);
      bytes = Arrays.copyOf(bytes, Math.max(more, start + to - from));
    }
    System.arraycopy(line, from, bytes, start, to - from);
    if (count + 2 > starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
    }
    starts[++count] = start + to - from;
    if (2 * count > table.length) {
      table = new int[2 * table.length];
      for (int i = 0; i < count; i++) {
        enter(i);
      }
    } else {
      enter(count - 1);
    }
    return count - 1;
  }

  private void enter(int number) {
    int at = slot(bytes, starts[number], starts[number + 1]);
    while (table[at] != 0) {
      at = at + 1 & table.length - 1;
    }
    table[at] = number + 1;
  }

  /** −1 if it is not there. */
  int find(byte[] line, int from, int to) {
    for (int at = slot(line, from, to); table[at] != 0; at = at + 1 & table.length - 1) {
      int number = table[at] - 1;
      if (Arrays.equals(line, from, to, bytes, starts[number], starts[number + 1])) {
        return number;
      }
    }
    return -1;
  }

  private int slot(byte[] in, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + in[i];
    }
    hash *= 0x9e3779b9;
    return (hash ^ hash >>> 15) & table.length - 1;
  }

  /** The numbers of the words in the order of their UTF-8. */
  int[] sorted() {
    Comparator<Integer> byBytes =
        (a, b) ->
            Arrays.compareUnsigned(
                bytes, starts[a], starts[a + 1], bytes, starts[b], starts[b + 1]);
    return IntStream.range(0, count).boxed().sorted(byBytes).mapToInt(i -> i).toArray();
  }

  /** The words in an order. */
  Words inOrder(int[] order) {
    byte[] ordered = new byte[starts[count]];
    int[] orderedStarts = new int[count + 1];
    int at = 0;
    for (int i = 0; i < count; i++) {
      int length = starts[order[i] + 1] - starts[order[i]];
      System.arraycopy(bytes, starts[order[i]], ordered, at, length);
      at += length;
      orderedStarts[i + 1] = at;
    }
    return new Words(count, Column.of(orderedStarts), ByteBuffer.wrap(ordered));
  }
}
