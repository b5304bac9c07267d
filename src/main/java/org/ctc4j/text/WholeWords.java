package org.ctc4j.text;

import java.util.ArrayList;
import java.util.Arrays;
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
  private final Piece[][] parts; // of all classes

  /** The beginning of a hot word. */
  private static final class Node {
    private final int depth;
    private final Map<Integer, Node> children = new HashMap<>();
    private boolean isWord;
    private double completed; // what it adds as a word
    private double pending = Double.NEGATIVE_INFINITY; // what it adds in advance
    private double mostCompleted; // of any child
    private double mostPending;

    private Node(int depth) {
      this.depth = depth;
    }

    private Node childOrNew(int label) {
      return children.computeIfAbsent(label, key -> new Node(depth + 1));
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
   * @param parts of all classes
   * @param bonuses for each label of each word, in nats; of a word that is there twice the greater
   * @throws InvalidInputException if a word is empty or a bonus not finite
   */
  WholeWords(Piece[][] parts, List<int[]> words, List<Double> bonuses) {
    this.parts = parts;
    for (int i = 0; i < words.size(); i++) {
      int[] word = words.get(i);
      if (word.length == 0) {
        throw new InvalidInputException("hot words: word " + i + " is empty, expected text");
      }
      if (!Double.isFinite(bonuses.get(i))) {
        throw new InvalidInputException(
            "hot words: expected a finite bonus, got " + bonuses.get(i));
      }
      add(word, bonuses.get(i), isAlone(word) ? alone : anywhere);
    }
  }

  /** Whether a word has an end that can be told, where the vocabulary marks pieces. */
  private boolean isAlone(int[] word) {
    return Arrays.stream(parts)
            .flatMap(Arrays::stream)
            .noneMatch(part -> part != Piece.SPACE && (part.spaceBefore() || part.spaceAfter()))
        || first(word[0]).spaceBefore()
        || last(word[word.length - 1]).spaceAfter();
  }

  private Piece first(int label) {
    return parts[label][0];
  }

  private Piece last(int label) {
    return parts[label][parts[label].length - 1];
  }

  private void add(int[] word, double bonus, Node root) {
    Node before = null;
    Node node = root;
    for (int label : word) {
      labels.add(label);
      before = node;
      node = node.childOrNew(label);
      node.pending = Math.max(node.pending, bonus * node.depth);
      before.mostPending = Math.max(before.mostPending, node.pending);
    }
    double completed = bonus * node.depth;
    node.completed = node.isWord ? Math.max(node.completed, completed) : completed;
    node.isWord = true;
    before.mostCompleted = Math.max(before.mostCompleted, node.completed);
  }

  @Override
  public void check(int classes, int blank) {
    TokenScorer.requireClasses("hot words", parts.length, classes);
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
    Node longest = nextAlone.isEmpty() ? null : nextAlone.get(0);
    for (Node node : nextAnywhere) { // a leaf has its bonus already
      boolean isLonger = longest == null || node.depth > longest.depth;
      longest = isLonger && !node.children.isEmpty() ? node : longest;
    }
    return new State(label, nextAlone, nextAnywhere, longest == null ? 0 : longest.pending);
  }

  /** All that may be completed, and the most that may be pending then. */
  @Override
  public double bound(State state) {
    double completed = 0;
    double pending = Math.max(alone.mostPending, anywhere.mostPending);
    for (Node node : state.anywhere) {
      completed += node.mostCompleted;
      pending = Math.max(pending, node.mostPending);
    }
    completed += anywhere.mostCompleted;
    for (Node node : state.alone) {
      pending = Math.max(pending, node.mostPending);
    }
    return Math.max(0, sum(state.alone)) + completed + pending - state.pending;
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
      sum += node.completed;
    }
    return sum;
  }

  /** Whether a word ends after the last label, or begins with the next. */
  private boolean isBoundary(int last, int next) {
    return last == NO_LABEL
        || last(last) == Piece.SPACE
        || last(last).spaceAfter()
        || first(next).spaceBefore();
  }
}
