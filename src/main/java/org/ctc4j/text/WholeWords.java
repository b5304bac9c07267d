package org.ctc4j.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ctc4j.BeamScorer;
import org.ctc4j.InvalidInputException;

/**
 * As {@link org.ctc4j.HotWords}, but a hot word counts as a word alone: one that begins where a
 * word begins, and ends where one ends. What is spelled without either, as languages that part no
 * words are among the pieces of others, counts anywhere. A state holds all beginnings of hot words
 * that a prefix ends with; the longest of them has its bonus in advance, label by label.
 *
 * <p>Immutable, thread-safe.
 */
final class WholeWords implements BeamScorer<WholeWords.State> {
  private static final int NO_LABEL = -1;

  private final Node alone = new Node(0);
  private final Node anywhere = new Node(0);
  private final Set<Integer> labels = new HashSet<>(); // of all words
  private final Piece[] pieces;
  private final double bonus;

  /** The beginning of a hot word. */
  private static final class Node {
    private final int depth;
    private final Map<Integer, Node> children = new HashMap<>();
    private boolean isWord;

    private Node(int depth) {
      this.depth = depth;
    }
  }

  /**
   * What a prefix ends with.
   *
   * @param last label
   * @param alone beginnings of words that count alone, the longest first
   * @param anywhere beginnings of the others
   */
  record State(int last, List<Node> alone, List<Node> anywhere, double pending) {
    private boolean isIdle() {
      return alone.isEmpty() && anywhere.isEmpty();
    }
  }

  /**
   * @param pieces of all classes
   * @param bonus for each label of a word, in nats
   * @throws InvalidInputException if a word is empty or the bonus not finite
   */
  WholeWords(Piece[] pieces, List<int[]> words, double bonus) {
    if (!Double.isFinite(bonus)) {
      throw new InvalidInputException("hot words: expected a finite bonus, got " + bonus);
    }
    this.pieces = pieces;
    this.bonus = bonus;
    for (int i = 0; i < words.size(); i++) {
      int[] word = words.get(i);
      if (word.length == 0) {
        throw new InvalidInputException("hot words: word " + i + " is empty, expected text");
      }
      add(word, isAlone(word) ? alone : anywhere);
    }
  }

  /** Whether a word has an end that can be told, where the vocabulary marks pieces. */
  private boolean isAlone(int[] word) {
    boolean marksWords = false;
    for (Piece piece : pieces) {
      boolean isMarked = piece.spaceBefore() || piece.spaceAfter();
      marksWords |= isMarked && piece != Piece.SPACE;
    }
    return !marksWords
        || pieces[word[0]].spaceBefore()
        || pieces[word[word.length - 1]].spaceAfter();
  }

  private void add(int[] word, Node root) {
    Node node = root;
    for (int label : word) {
      labels.add(label);
      int depth = node.depth + 1;
      node = node.children.computeIfAbsent(label, key -> new Node(depth));
    }
    node.isWord = true;
  }

  @Override
  public void check(int classes, int blank) {
    if (classes != pieces.length) {
      throw new InvalidInputException(
          "hot words: expected the vocabulary's %d classes, got %d"
              .formatted(pieces.length, classes));
    }
    if (labels.contains(blank)) {
      throw new InvalidInputException(
          "hot words: one has the blank, %d; a word holds labels only".formatted(blank));
    }
  }

  @Override
  public State start() {
    return new State(NO_LABEL, List.of(), List.of(), 0);
  }

  @Override
  public double score(State state, int label) {
    if (state.isIdle() && !labels.contains(label)) {
      return 0; // by far the most frequent case
    }
    State next = next(state, label);
    double completed = isBoundary(state.last, label) ? sum(state.alone) : 0;
    return completed + sum(next.anywhere) + next.pending - state.pending;
  }

  @Override
  public State next(State state, int label) {
    List<Node> nextAlone = follow(state.alone, isBoundary(state.last, label) ? alone : null, label);
    List<Node> nextAnywhere = follow(state.anywhere, anywhere, label);
    double depth = nextAlone.isEmpty() ? 0 : nextAlone.get(0).depth;
    for (Node node : nextAnywhere) { // a leaf has its bonus already
      depth = node.children.isEmpty() ? depth : Math.max(depth, node.depth);
    }
    return new State(label, nextAlone, nextAnywhere, bonus * depth);
  }

  @Override
  public double end(State state) {
    return sum(state.alone) - state.pending;
  }

  /** The beginnings that go on with the label, and one that begins with it. */
  private static List<Node> follow(List<Node> nodes, Node root, int label) {
    Node first = root == null ? null : root.children.get(label);
    if (nodes.isEmpty()) {
      return first == null ? List.of() : List.of(first);
    }
    List<Node> next = new ArrayList<>();
    for (Node node : nodes) {
      Node child = node.children.get(label);
      if (child != null) {
        next.add(child);
      }
    }
    if (first != null) {
      next.add(first);
    }
    return next;
  }

  private double sum(List<Node> nodes) {
    double sum = 0;
    for (Node node : nodes) {
      sum += node.isWord ? bonus * node.depth : 0;
    }
    return sum;
  }

  /** Whether a word ends after the last label, or begins with the next. */
  private boolean isBoundary(int last, int next) {
    return last == NO_LABEL
        || pieces[last] == Piece.SPACE
        || pieces[last].spaceAfter()
        || pieces[next].spaceBefore();
  }
}
