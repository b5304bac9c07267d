package org.ctc4j.decoding;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.ctc4j.BeamScorer;
import org.ctc4j.InvalidInputException;

/**
 * What a scorer says of the prefixes in a trie, refused where it is no number that a search can go
 * on with. Without a scorer all is 0.
 *
 * @param <S> state of the scorer
 */
final class CheckedScorer<S> {
  private final BeamScorer<S> scorer; // or null
  private final PrefixTrie<S> trie;
  private final String utterance;
  private final IntFunction<int[]> labels;

  /**
   * @param scorer or null
   * @param utterance what it is called in messages
   * @param labels all those that lead to a node
   */
  CheckedScorer(
      BeamScorer<S> scorer, PrefixTrie<S> trie, String utterance, IntFunction<int[]> labels) {
    this.scorer = scorer;
    this.trie = trie;
    this.utterance = utterance;
    this.labels = labels;
  }

  /** What it adds to the prefix of a node at most for one label more. */
  double bound(int node) {
    if (scorer == null) {
      return 0;
    }
    double bound = trie.bound(node);
    if (Double.isNaN(bound)) {
      bound = scorer.bound(trie.state(node));
      if (Double.isNaN(bound)) {
        throw refused("bound(state)", bound, "a number", node);
      }
      trie.setBound(node, bound);
    }
    return bound;
  }

  /**
   * What it adds to the prefix of a node and one label more.
   *
   * @param bound what the label may add at most
   */
  double added(int node, int label, double bound) {
    if (scorer == null) {
      return 0;
    }
    double more = scorer.score(trie.state(node), label);
    if (more > bound) {
      throw refused("score(state, " + label + ")", more, "at most its bound, " + bound, node);
    }
    double added = trie.bonus(node) + more;
    if (!(added < Double.POSITIVE_INFINITY)) { // NaN as well
      throw refused("score(state, " + label + ")", more, finite(more), node);
    }
    return added;
  }

  /** What it adds to the output of a node. */
  double added(int node) {
    if (scorer == null) {
      return 0;
    }
    double end = scorer.end(trie.state(node));
    double added = trie.bonus(node) + end;
    if (!(added < Double.POSITIVE_INFINITY)) {
      throw refused("end(state)", end, finite(end), node);
    }
    return added;
  }

  /** A new child of a node in the trie. */
  int addChild(int node, int label, double added) {
    S state = scorer == null ? null : scorer.next(trie.state(node), label);
    return trie.add(node, label, added, state);
  }

  private static String finite(double value) {
    return "a number below +Infinity"
        + (Double.isFinite(value) ? ", all that it adds together too" : "");
  }

  private InvalidInputException refused(String call, double value, String expected, int node) {
    int[] all = labels.apply(node);
    int[] last = Arrays.copyOfRange(all, Math.max(0, all.length - 20), all.length);
    return new InvalidInputException(
        "scorer: %s gave %s in %s after %s %s, expected %s"
            .formatted(
                call,
                value,
                utterance,
                last.length < all.length ? all.length + " labels that end in" : "the labels",
                Arrays.toString(last),
                expected));
  }
}
