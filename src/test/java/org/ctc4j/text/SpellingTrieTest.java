package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpellingTrieTest {
  private final Random random = Seed.random(getClass());

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 65, 129, 1000})
  @DisplayName("Every beginning of a spelling is found symbol by symbol, and nothing else")
  void children(int symbols) {
    int[] alphabet = random.ints(0, 5000).distinct().limit(symbols).sorted().toArray(); // with gaps
    TreeSet<int[]> spellings = new TreeSet<>(Arrays::compare);
    for (int i = 0; i < 600; i++) {
      spellings.add(random.ints(1 + random.nextInt(3), 0, symbols).map(k -> alphabet[k]).toArray());
    }
    SpellingTrie trie = new SpellingTrie(spellings.toArray(int[][]::new));
    TreeSet<int[]> beginnings = new TreeSet<>(Arrays::compare);
    for (int[] spelling : spellings) {
      for (int length = 0; length <= spelling.length; length++) {
        beginnings.add(Arrays.copyOf(spelling, length));
      }
    }
    int[] asked =
        IntStream.concat(Arrays.stream(alphabet), random.ints(60, 0, 6000)).distinct().toArray();
    TreeSet<Integer> nodes = new TreeSet<>();
    for (int[] beginning : beginnings) {
      int node = SpellingTrie.ROOT;
      for (int symbol : beginning) {
        node = trie.child(node, symbol);
      }
      nodes.add(node);
      for (int symbol : asked) {
        int[] longer = Arrays.copyOf(beginning, beginning.length + 1);
        longer[beginning.length] = symbol;
        assertEquals(
            beginnings.contains(longer),
            trie.child(node, symbol) != SpellingTrie.NONE,
            () -> Arrays.toString(longer));
      }
      assertEquals(
          spellings.contains(beginning), trie.firstWord(node) < trie.endWord(node), "a word");
    }
    assertEquals(beginnings.size(), nodes.size());
  }
}
