package org.ctc4j.decoding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.Random;
import java.util.TreeSet;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IndexHeapTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("The root is the first of a sorted set, by key and, of equal keys, by index")
  void asASortedSet(boolean greatestFirst) {
    Random random = Seed.random(getClass());
    for (int i = 0; i < 200; i++) {
      double[] keys = random.doubles(100).map(x -> Math.floor(8 * x)).toArray();
      Comparator<Integer> leastFirst =
          Comparator.<Integer>comparingDouble(index -> keys[index])
              .thenComparing(Comparator.reverseOrder());
      TreeSet<Integer> expected = new TreeSet<>(greatestFirst ? leastFirst.reversed() : leastFirst);
      IndexHeap heap = new IndexHeap(greatestFirst);
      heap.begin(keys);
      for (int index = 0; index < keys.length; index++) {
        switch (expected.isEmpty() ? 0 : random.nextInt(4)) {
          case 0, 1 -> {
            heap.push(index);
            expected.add(index);
          }
          case 2 -> assertEquals(expected.pollFirst(), heap.pop());
          default -> {
            heap.replaceRoot(index);
            expected.pollFirst();
            expected.add(index);
          }
        }
        assertEquals(expected.size(), heap.size());
      }
      while (!expected.isEmpty()) {
        assertEquals(expected.first(), heap.root());
        assertEquals(expected.pollFirst(), heap.pop());
      }
    }
  }
}
