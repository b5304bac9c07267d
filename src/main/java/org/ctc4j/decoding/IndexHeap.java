package org.ctc4j.decoding;

import java.util.Arrays;

/**
 * A binary heap of indices into an array of keys. At the root is the least key, of equal ones that
 * of the greater index; or, the exact reverse, the greatest key, of equal ones that of the lesser
 * index.
 */
final class IndexHeap {
  private final boolean greatestFirst;
  private double[] keys = {};
  private int[] heap = {};
  private int size;

  IndexHeap(boolean greatestFirst) {
    this.greatestFirst = greatestFirst;
  }

  /** Empties the heap. The keys are read where they are, and must not change while in the heap. */
  void begin(double[] newKeys) {
    keys = newKeys;
    size = 0;
  }

  int size() {
    return size;
  }

  int root() {
    return heap[0];
  }

  void push(int index) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, Math.max(16, 2 * size));
    }
    int at = size++;
    while (at > 0 && precedes(index, heap[(at - 1) / 2])) {
      heap[at] = heap[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    heap[at] = index;
  }

  /** Takes the root away, and returns it. */
  int pop() {
    int root = heap[0];
    replaceRoot(heap[--size]);
    return root;
  }

  /** Puts an index in the place of the root; it may be the root's own, with another key. */
  void replaceRoot(int index) {
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && precedes(heap[child + 1], heap[child])) {
        child++;
      }
      if (!precedes(heap[child], index)) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = index;
  }

  /** Whether a is to be nearer to the root than b. */
  private boolean precedes(int a, int b) {
    return greatestFirst
        ? keys[a] > keys[b] || keys[a] == keys[b] && a < b
        : keys[a] < keys[b] || keys[a] == keys[b] && a > b;
  }
}
