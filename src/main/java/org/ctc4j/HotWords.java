package org.ctc4j;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Makes given label sequences (names, terms, phrases of any length) more likely in a beam search:
 * every occurrence of one adds its length times a bonus to the score. The bonus comes label by
 * label, so that a prefix that is on the way to a hot word keeps its place in the beam, and is
 * taken back when the word is not completed. Occurrences may overlap; all count. After Aho and
 * Corasick (CACM 1975).
 *
 * <p>Immutable, thread-safe.
 */
public final class HotWords implements BeamScorer<HotWords.Match> {
  private final int[][] words;
  private final Match root = new Match(-1, 0);
  private Match[] first = {}; // the root's children by hash of their labels

  private HotWords(int[][] words) {
    this.words = words;
  }

  /**
   * @param words label sequences, none empty, copied; labels are checked against the classes when a
   *     search begins
   * @param bonus for each label of a word, in nats; negative makes words less likely
   * @throws InvalidInputException if a word is empty, a label negative or the bonus not finite
   */
  public static HotWords of(Collection<int[]> words, double bonus) {
    return of(List.copyOf(words), Collections.nCopies(words.size(), bonus));
  }

  /**
   * The same with a bonus for each word.
   *
   * @param bonuses as many as words; of a word that is there several times the last
   * @throws InvalidInputException if a word is empty, a label negative, a bonus not finite or their
   *     number another
   */
  public static HotWords of(List<int[]> words, List<Double> bonuses) {
    if (bonuses.size() != words.size()) {
      throw new InvalidInputException(
          "hot words: expected %d bonuses, got %d".formatted(words.size(), bonuses.size()));
    }
    for (double bonus : bonuses) {
      if (!Double.isFinite(bonus)) {
        throw new InvalidInputException("hot words: expected a finite bonus, got " + bonus);
      }
    }
    HotWords hotWords = new HotWords(words.stream().map(int[]::clone).toArray(int[][]::new));
    for (int i = 0; i < hotWords.words.length; i++) {
      if (hotWords.words[i].length == 0) {
        throw new InvalidInputException(
            "hot words: word " + i + " is empty, expected one label or more");
      }
    }
    hotWords.check(Integer.MAX_VALUE, -1);
    for (int i = 0; i < hotWords.words.length; i++) {
      hotWords.add(hotWords.words[i], bonuses.get(i));
    }
    hotWords.link();
    hotWords.bound();
    return hotWords;
  }

  @Override
  public void check(int classes, int blank) {
    for (int i = 0; i < words.length; i++) {
      for (int k = 0; k < words[i].length; k++) {
        int label = words[i][k];
        if (label < 0 || label >= classes) {
          throw new InvalidInputException(
              "hot words: word %d has label %d at position %d, expected a class in [0, %d)"
                  .formatted(i, label, k, classes));
        }
        if (label == blank) {
          throw new InvalidInputException(
              "hot words: word %d has the blank, %d, at position %d; a word holds labels only"
                  .formatted(i, blank, k));
        }
      }
    }
  }

  private void add(int[] word, double bonus) {
    Match match = root;
    for (int label : word) {
      match = match.childOrNew(label, bonus);
    }
    match.completed = bonus * word.length; // a word that is given twice counts once
    match.pending = 0;
  }

  /** Sets the longest proper suffix of every match, shorter ones first. */
  private void link() {
    int size = Integer.highestOneBit(Math.max(1, root.children.length)) << 2;
    first = new Match[size];
    root.otherwise = root;
    ArrayDeque<Match> queue = new ArrayDeque<>();
    for (Match child : root.children) {
      int at = slot(child.label);
      while (first[at] != null) {
        at = at + 1 & size - 1;
      }
      first[at] = child;
      child.suffix = root;
      child.otherwise = root;
      queue.add(child);
    }
    while (!queue.isEmpty()) {
      Match match = queue.remove();
      match.completed += match.suffix.completed;
      for (Match child : match.children) {
        child.suffix = next(match.suffix, child.label);
        child.otherwise = child.goesOnAs(child.suffix) ? child.suffix.otherwise : child.suffix;
        queue.add(child);
      }
    }
  }

  /** Sets what may follow, of suffixes first. */
  private void bound() {
    ArrayDeque<Match> queue = new ArrayDeque<>();
    queue.add(root);
    while (!queue.isEmpty()) {
      Match match = queue.remove();
      match.most = match == root ? 0 : match.suffix.most; // 0 for any other label
      for (Match child : match.children) {
        match.most = Math.max(match.most, child.completed + child.pending);
        queue.add(child);
      }
    }
  }

  private int slot(int label) {
    return label * 0x9e3779b9 >>> Integer.numberOfLeadingZeros(first.length) + 1;
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
  public double bound(Match state) {
    return state.most - state.pending;
  }

  @Override
  public Match next(Match state, int label) {
    for (Match match = state; match != root; match = match.otherwise) {
      Match child = match.child(label);
      if (child != null) {
        return child;
      }
    }
    int at = slot(label);
    while (first[at] != null && first[at].label != label) {
      at = at + 1 & first.length - 1;
    }
    return first[at] == null ? root : first[at];
  }

  @Override
  public double end(Match state) {
    return 0 - state.pending;
  }

  /** "3 hot words". */
  @Override
  public String toString() {
    return words.length + " hot words";
  }

  /** The longest beginning of a hot word that a prefix ends with. */
  public static final class Match {
    private final int label; // the last
    private final int depth;
    private double pending; // granted in advance
    private double completed; // for words that end here
    private double most; // completed and pending of any that may come next, or more
    private Match[] children = {}; // by label
    private Match suffix;
    private Match otherwise; // the longest suffix that goes on with a label that this does not

    private Match(int label, int depth) {
      this.label = label;
      this.depth = depth;
    }

    /** "2 labels of a hot word". */
    @Override
    public String toString() {
      return depth + " labels of a hot word";
    }

    private Match child(int next) {
      int at = find(next);
      return at < 0 ? null : children[at];
    }

    /** As {@link java.util.Arrays#binarySearch(int[], int)}. */
    private int find(int next) {
      int low = 0;
      int high = children.length;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (children[middle].label < next) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low < children.length && children[low].label == next ? low : -low - 1;
    }

    private Match childOrNew(int next, double bonus) {
      int at = find(next);
      if (at < 0) {
        at = -at - 1;
        Match[] more = Arrays.copyOf(children, children.length + 1);
        System.arraycopy(children, at, more, at + 1, children.length - at);
        more[at] = new Match(next, depth + 1);
        more[at].pending = bonus * (depth + 1);
        children = more;
      }
      return children[at];
    }

    /** Whether this goes on with every label that another match goes on with. */
    private boolean goesOnAs(Match other) {
      for (Match child : other.children) {
        if (find(child.label) < 0) {
          return false;
        }
      }
      return true;
    }
  }
}
