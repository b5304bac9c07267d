package org.ctc4j.decoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.Collected;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.junit.jupiter.api.Test;

/** Prefixes are found again, and those that no beam can reach are forgotten. */
class PrefixTrieTest {
  private static final int FIRST_LIMIT = 1 << 12;

  /** A trie of a chain of labels 0, 1, …, of which each node's state is the number of its label. */
  private static PrefixTrie<Integer> chain(int length) {
    PrefixTrie<Integer> trie = new PrefixTrie<>(-1);
    for (int i = 0; i < length; i++) {
      assertEquals(i + 1, trie.add(i, i, 0.5 * i, i));
    }
    return trie;
  }

  @Test
  void everyPrefixIsFoundAndNoOther() {
    Random random = Seed.random(getClass());
    PrefixTrie<Integer> trie = new PrefixTrie<>(-1);
    List<int[]> children = new ArrayList<>();
    while (children.size() < 5000) { // the arrays grow three times
      int[] child = {random.nextInt(trie.size()), random.nextInt(40)};
      int node = trie.find(child[0], child[1]);
      if (node == PrefixTrie.NONE) {
        children.add(child);
        assertEquals(children.size(), trie.add(child[0], child[1], 0, children.size() - 1));
      } else {
        assertArrayEquals(child, children.get(node - 1));
      }
    }
    for (int node = 1; node < trie.size(); node++) {
      int[] child = children.get(node - 1);
      assertEquals(node, trie.find(child[0], child[1]));
      assertEquals(node - 1, trie.state(node));
      assertEquals(PrefixTrie.NONE, trie.find(node, 40));
    }
  }

  @Test
  void itIsFullAboveTheLimit() {
    PrefixTrie<Integer> trie = chain(FIRST_LIMIT - 1); // and the root
    assertEquals(FIRST_LIMIT, trie.size());
    assertFalse(trie.isFull());
    trie.add(0, 7, 0, 7);
    assertTrue(trie.isFull());
  }

  @Test
  void whatIsKeptIsAsItWas() {
    PrefixTrie<Integer> trie = chain(10);
    int aside = trie.add(3, 77, -2, 77);
    trie.add(aside, 78, -3, 78);
    assertTrue(Double.isNaN(trie.bound(aside)), "not known yet");
    trie.setBound(aside, 4);
    int[] nodes = {aside, 6, 0, 99};
    trie.keep(nodes, 3); // the last is none of theirs
    assertEquals(8, trie.size()); // the root, 0 to 5, and what is aside
    assertArrayEquals(new int[] {7, 6, 0, 99}, nodes);
    assertArrayEquals(new int[] {0, 1, 2, 77}, trie.labels(7));
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, trie.labels(6));
    assertArrayEquals(new int[0], trie.labels(PrefixTrie.ROOT));
    assertEquals(PrefixTrie.NONE, trie.parent(PrefixTrie.ROOT));
    assertEquals(PrefixTrie.NONE, trie.label(PrefixTrie.ROOT));
    assertEquals(77, trie.state(7));
    assertEquals(-2, trie.bonus(7));
    assertEquals(4, trie.bound(7));
    assertTrue(Double.isNaN(trie.bound(6)));
    assertEquals(5, trie.state(6));
    assertEquals(2.5, trie.bonus(6));
    for (int node = 1; node < trie.size(); node++) {
      assertEquals(node, trie.find(trie.parent(node), trie.label(node)));
    }
    for (int i = 6; i < 10; i++) {
      assertEquals(PrefixTrie.NONE, trie.find(i, i), "forgotten");
    }
    assertNotNull(trie.state(trie.size() - 1));
    assertNull(trie.state(trie.size()), "a state that nothing leads to must not be held");
    assertEquals(8, trie.add(6, 6, 0, 6));
    assertEquals(8, trie.find(6, 6));
  }

  @Test
  void whatAllHaveInCommonBecomesTheRoot() {
    PrefixTrie<Integer> trie = chain(10);
    int aside = trie.add(6, 77, -2, 77); // beside label 6
    int[] nodes = {aside, 8};
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, trie.keep(nodes, 2));
    assertEquals(4, trie.size()); // label 5, 6, 7 and what is aside
    assertArrayEquals(new int[] {3, 2}, nodes);
    assertEquals(5, trie.label(PrefixTrie.ROOT));
    assertEquals(PrefixTrie.NONE, trie.parent(PrefixTrie.ROOT));
    assertEquals(5, trie.state(PrefixTrie.ROOT));
    assertEquals(2.5, trie.bonus(PrefixTrie.ROOT));
    assertArrayEquals(new int[] {77}, trie.labels(3));
    assertArrayEquals(new int[] {6, 7}, trie.labels(2));
    assertArrayEquals(new int[] {6}, trie.keep(new int[] {1}, 1));
    assertEquals(1, trie.size());
    assertArrayEquals(new int[0], trie.labels(PrefixTrie.ROOT));
    assertEquals(1, trie.add(PrefixTrie.ROOT, 6, 0, 6));
    assertEquals(1, trie.find(PrefixTrie.ROOT, 6));
  }

  /** Else every frame of a beam of long prefixes would go through all of them. */
  @Test
  void theLimitIsTwiceWhatIsKept() {
    int kept = FIRST_LIMIT;
    PrefixTrie<Integer> trie = chain(2 * kept);
    assertArrayEquals(new int[0], trie.keep(new int[] {kept - 1, 0}, 2));
    assertEquals(kept, trie.size());
    for (int node = kept; node < 2 * kept; node++) {
      assertFalse(trie.isFull());
      trie.add(0, 1_000_000 + node, 0, node);
    }
    assertFalse(trie.isFull());
    trie.add(0, 1, 0, 1);
    assertTrue(trie.isFull());
    trie.keep(new int[] {1, 0}, 2);
    assertEquals(2, trie.size());
    for (int node = 2; node < FIRST_LIMIT; node++) {
      trie.add(0, 1_000_000 + node, 0, node);
    }
    assertFalse(trie.isFull(), "never less than the first limit");
  }

  /** What a search holds does not grow with the number of frames. */
  @Test
  void aLongSearchForgetsPrefixes() {
    // not Seed: of some numbers two beginnings are about as good as each other, and stay in the
    // beam with all that follows them
    Random random = new Random(1);
    int frames = 9000;
    float[] logits = new float[frames * 6];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    List<WeakReference<Object>> states = new ArrayList<>();
    BeamScorer<Object> watched =
        new BeamScorer<>() {
          private boolean ended;

          @Override
          public Object start() {
            return new Object();
          }

          @Override
          public double score(Object state, int label) {
            return 0;
          }

          @Override
          public Object next(Object state, int label) {
            Object next = new Object();
            states.add(new WeakReference<>(next));
            return next;
          }

          @Override
          public double end(Object state) {
            if (!ended) { // the search still holds what it holds
              ended = true;
              assertTrue(states.size() > 2 * FIRST_LIMIT, "states: " + states.size());
              assertTrue(Collected.await(() -> held() <= FIRST_LIMIT + 100), () -> "" + held());
            }
            return 0;
          }

          private long held() {
            return states.stream().filter(state -> state.get() != null).count();
          }
        };
    FrameTensor tensor = FrameTensor.timeMajor(logits, frames, 1, 6);
    CtcDecoder.create()
        .beamSearch(
            tensor,
            new int[] {frames},
            CtcOptions.DEFAULT,
            BeamOptions.DEFAULT.withBeamWidth(40),
            watched);
  }
}
