package org.ctc4j;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;

/**
 * Makes given label sequences (names, terms) more likely in a beam search: every occurrence of one
 * adds its length times a bonus to the score. The bonus comes label by label, so that a prefix that
 * is on the way to a hot word keeps its place in the beam, and is taken back when the word is not
 * completed. Occurrences may overlap; all count. After Aho and Corasick (CACM 1975).
 *
 * <p>Immutable, thread-safe.
 */
public final class HotWords implements BeamScorer<HotWords.Match> {
  private final Match root = new Match(0);
  private final Match[] fromRoot; // by label; null where no word begins

  private HotWords(int classes) {
    fromRoot = new Match[classes];
  }

  /**
   * @param words label sequences, none empty
   * @param bonus for each label of a word, in nats; negative makes words less likely
   */
  public static HotWords of(Collection<int[]> words, double bonus) {
    if (!Double.isFinite(bonus)) {
      throw new InvalidInputException("hot words: expected a finite bonus, got " + bonus);
    }
    int largest = -1;
    for (int[] word : words) {
      if (word.length == 0) {
        throw new InvalidInputException("hot words: expected one label or more in each, got none");
      }
      for (int label : word) {
        if (label < 0) {
          throw new InvalidInputException("hot words: expected labels of 0 or more, got " + label);
        }
        largest = Math.max(largest, label);
      }
    }
    HotWords hotWords = new HotWords(largest + 1);
    words.forEach(word -> hotWords.root.add(word, 0, bonus));
    hotWords.link();
    return hotWords;
  }

  /** Sets the longest proper suffix of every match, shorter ones first. */
  private void link() {
    ArrayDeque<Match> queue = new ArrayDeque<>();
    for (int i = 0; i < root.labels.length; i++) {
      root.children[i].suffix = root;
      fromRoot[root.labels[i]] = root.children[i];
      queue.add(root.children[i]);
    }
    while (!queue.isEmpty()) {
      Match match = queue.remove();
      match.completed += match.suffix.completed;
      for (int i = 0; i < match.labels.length; i++) {
        match.children[i].suffix = next(match.suffix, match.labels[i]);
        queue.add(match.children[i]);
      }
    }
  }

  @Override
  public Match start() {
    return root;
  }

  @Override
  public double score(Match state, int label) {
    Match next = next(state, label);
    return next.completed + next.pending - state.pending;
  }

  @Override
  public Match next(Match state, int label) {
    for (Match match = state; match != root; match = match.suffix) {
      Match child = match.child(label);
      if (child != null) {
        return child;
      }
    }
    Match first = label < fromRoot.length ? fromRoot[label] : null;
    return first == null ? root : first;
  }

  @Override
  public double end(Match state) {
    return 0 - state.pending;
  }

  /** The longest beginning of a hot word that a prefix ends with. */
  public static final class Match {
    private final int depth;
    private double pending; // granted in advance
    private double completed; // for words that end here
    private int[] labels = {}; // sorted
    private Match[] children = {};
    private Match suffix;

    private Match(int depth) {
      this.depth = depth;
    }

    private Match child(int label) {
      int at = Arrays.binarySearch(labels, label);
      return at < 0 ? null : children[at];
    }

    private void add(int[] word, int from, double bonus) {
      if (from == word.length) {
        completed = bonus * depth; // a word that is given twice counts once
        pending = 0;
        return;
      }
      int at = Arrays.binarySearch(labels, word[from]);
      if (at < 0) {
        at = -at - 1;
        labels = Arrays.copyOf(labels, labels.length + 1);
        children = Arrays.copyOf(children, labels.length);
        System.arraycopy(labels, at, labels, at + 1, labels.length - 1 - at);
        System.arraycopy(children, at, children, at + 1, labels.length - 1 - at);
        labels[at] = word[from];
        children[at] = new Match(depth + 1);
        children[at].pending = bonus * (depth + 1);
      }
      children[at].add(word, from + 1, bonus);
    }
  }
}
