package org.ctc4j.decoding;

import java.util.Arrays;

/**
 * Prefixes of labels as nodes of a trie, numbered from the root, 0, on; a parent's number is less
 * than its children's. No two nodes are the same prefix. The root is the empty prefix, or what all
 * prefixes in use begin with.
 *
 * @param <S> what is known of a prefix
 */
final class PrefixTrie<S> {
  static final int ROOT = 0;
  static final int NONE = -1;
  private static final int FIRST_LIMIT = 1 << 12; // so many stay near the processor

  private int size;
  private int[] parents = new int[1024];
  private int[] labels = new int[1024];
  private double[] bonuses = new double[1024];
  private double[] bounds = new double[1024];
  private Object[] states = new Object[1024];
  private int[] table = new int[2048]; // node + 1 by hash of parent and label; 0 is empty
  private int limit = FIRST_LIMIT;

  PrefixTrie(S rootState) {
    labels[ROOT] = NONE;
    parents[ROOT] = NONE;
    states[ROOT] = rootState;
    bounds[ROOT] = Double.NaN;
    size = 1;
  }

  int parent(int node) {
    return parents[node];
  }

  /** The last label, {@link #NONE} of the empty prefix. */
  int label(int node) {
    return labels[node];
  }

  /** What the scorer added to the prefix. */
  double bonus(int node) {
    return bonuses[node];
  }

  /** What the scorer adds to it at most for one label more; NaN before {@link #setBound}. */
  double bound(int node) {
    return bounds[node];
  }

  void setBound(int node, double bound) {
    bounds[node] = bound;
  }

  @SuppressWarnings("unchecked")
  S state(int node) {
    return (S) states[node];
  }

  int size() {
    return size;
  }

  /** The child of a node, {@link #NONE} if it is not there. */
  int find(int parent, int label) {
    for (int at = slot(parent, label); table[at] != 0; at = at + 1 & table.length - 1) {
      int node = table[at] - 1;
      if (parents[node] == parent && labels[node] == label) {
        return node;
      }
    }
    return NONE;
  }

  /** A new child; it must not be there yet. */
  int add(int parent, int label, double bonus, S state) {
    if (size == parents.length) {
      int more = 2 * size;
      parents = Arrays.copyOf(parents, more);
      labels = Arrays.copyOf(labels, more);
      bonuses = Arrays.copyOf(bonuses, more);
      bounds = Arrays.copyOf(bounds, more);
      states = Arrays.copyOf(states, more);
      table = new int[2 * more];
      for (int node = 1; node < size; node++) {
        enter(node);
      }
    }
    int node = size++;
    parents[node] = parent;
    labels[node] = label;
    bonuses[node] = bonus;
    bounds[node] = Double.NaN;
    states[node] = state;
    enter(node);
    return node;
  }

  /** How many labels there are from the root to a node. */
  int depth(int node) {
    int depth = 0;
    for (int at = node; at != ROOT; at = parents[at]) {
      depth++;
    }
    return depth;
  }

  /** The labels from the root to a node. */
  int[] labels(int node) {
    int length = depth(node);
    int[] path = new int[length];
    for (int at = node; at != ROOT; at = parents[at]) {
      path[--length] = labels[at];
    }
    return path;
  }

  /** Whether there are so many nodes that it is time to {@link #keep} only those in use. */
  boolean isFull() {
    return size > limit;
  }

  /**
   * Forgets all nodes but the given ones and what leads to them from the last that all have in
   * common, which becomes the root. They get new numbers.
   *
   * @return the labels that have led from the root to that
   */
  int[] keep(int[] nodes, int count) {
    int root = count == 0 ? ROOT : nodes[0];
    for (int i = 1; i < count; i++) {
      root = common(root, nodes[i]);
    }
    int[] forgotten = labels(root);
    int[] renumbered = new int[size];
    for (int i = 0; i < count; i++) {
      for (int at = nodes[i]; at != root && renumbered[at] == 0; at = parents[at]) {
        renumbered[at] = 1;
      }
    }
    int kept = 0;
    for (int node = root; node < size; node++) {
      if (renumbered[node] == 1 || node == root) {
        parents[kept] = node == root ? NONE : renumbered[parents[node]];
        labels[kept] = labels[node];
        bonuses[kept] = bonuses[node];
        bounds[kept] = bounds[node];
        states[kept] = states[node];
        renumbered[node] = kept++;
      }
    }
    Arrays.fill(states, kept, size, null);
    size = kept;
    limit = Math.max(FIRST_LIMIT, 2 * kept);
    Arrays.fill(table, 0);
    for (int node = 1; node < size; node++) {
      enter(node);
    }
    for (int i = 0; i < count; i++) {
      nodes[i] = renumbered[nodes[i]];
    }
    return forgotten;
  }

  /** The last node through which the ways to both go. */
  int common(int a, int b) {
    while (a != b) {
      if (a > b) {
        a = parents[a];
      } else {
        b = parents[b];
      }
    }
    return a;
  }

  private void enter(int node) {
    int at = slot(parents[node], labels[node]);
    while (table[at] != 0) {
      at = at + 1 & table.length - 1;
    }
    table[at] = node + 1;
  }

  private int slot(int parent, int label) {
    int hash = (parent * 0x9e3779b9 + label) * 0x85ebca6b;
    return (hash ^ hash >>> 15) & table.length - 1;
  }
}
