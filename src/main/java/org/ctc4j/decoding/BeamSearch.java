package org.ctc4j.decoding;

import static org.ctc4j.decoding.PrefixTrie.NONE;
import static org.ctc4j.decoding.PrefixTrie.ROOT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcOptions;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.host.LogProbs;

/**
 * Prefix beam search over one utterance, frame by frame. For every prefix l in the beam, with b(l)
 * the probability of the paths so far that collapse to it and end in a blank, n(l) of those that
 * end in its last label, p(l) = b(l) + n(l), the next frame gives
 *
 * <pre>
 * b'(l)  = p(l) y(blank)
 * n'(l)  = n(l) y(last of l) + [l without its last label, if in the beam] as for l + c below
 * n'(lc) = p(l) y(c),  or b(l) y(c) where c is the last of l already
 * </pre>
 *
 * <p>In the end the greedy output is weighed beside the best of the beam, both with the probability
 * of all their paths, so that no beam is too narrow to find what is no worse than the greedy
 * output.
 *
 * <p>All in logarithms. A prefix becomes a node of the trie when it enters the beam, not when it is
 * weighed; so a frame costs W merges and at most W · M additions and comparisons for W prefixes and
 * M classes, without a look-up.
 *
 * @param <S> state of the scorer
 */
public final class BeamSearch<S> {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  /** How far two sums over the same paths may be apart, of their logarithm. */
  private static final double ROUNDING = 1e-12;

  private final int blank;
  private final boolean areNormalised; // the probabilities of every frame
  private final BeamScorer<S> scorer; // or null
  private final String utterance; // for messages
  private final ClassPruning classes;
  private final GreedyOutput greedy;
  private final Candidates candidates;
  private final PrefixTrie<S> trie;

  // the beam; entry i is a prefix
  private int size;
  private int[] nodes = new int[16];
  private double[] logBlank = new double[16]; // b
  private double[] logLabel = new double[16]; // n
  private double[] total = new double[16]; // p

  private int[] entryOf = new int[16]; // entry + 1 of a trie node, 0 if not in the beam
  private int[] firstChild = new int[16]; // entry of an entry's child, NONE if none
  private int[] nextSibling = new int[16];
  private final boolean[] taken; // classes that lead to a prefix in the beam
  private final double[] row; // of a frame

  /**
   * @param classes C
   * @param options blank and input
   * @param scorer or null
   * @param utterance what it is called in messages
   */
  public BeamSearch(
      int classes, CtcOptions options, BeamOptions beam, BeamScorer<S> scorer, String utterance) {
    this.blank = options.blank();
    this.areNormalised = options.input() == InputKind.LOGITS;
    this.scorer = scorer;
    this.utterance = utterance;
    this.classes = new ClassPruning(classes, beam);
    this.greedy = new GreedyOutput(classes, blank);
    this.candidates = new Candidates(beam.beamWidth(), beam.beamThreshold());
    this.trie = new PrefixTrie<>(scorer == null ? null : scorer.start());
    this.taken = new boolean[classes];
    this.row = new double[classes];
    size = 1;
    nodes[0] = ROOT;
    logLabel[0] = LOG_ZERO;
    entryOf[ROOT] = 1;
  }

  /**
   * Takes in the next frame, which is frame t of these.
   *
   * @return false if it holds NaN or +Infinity: then the search has ended, without outputs
   */
  public boolean frame(LogProbs frames, int t) {
    if (!frames.readScores(t, row)) {
      return false;
    }
    classes.select(row, frames.normaliser(t));
    greedy.frame(row, classes.best());
    step();
    return true;
  }

  /**
   * An output.
   *
   * @param logProbability ln p
   * @param added by the scorer; −Infinity if it must not end so
   */
  public record Output(int[] labels, double logProbability, double added) {
    private static final Output NOTHING = new Output(new int[0], LOG_ZERO, 0);

    public double score() {
      return logProbability + added;
    }
  }

  /** The prefixes in the beam, and one more at most, if the utterance ends here. */
  public List<Output> outputs() {
    List<Output> outputs = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      outputs.add(output(nodes[i], total[i]));
    }
    considerGreedy(outputs);
    return outputs;
  }

  private Output output(int node, double logProb) {
    // rounding must not make a probability of more than 1
    double atMostOne = areNormalised ? Math.min(logProb, 0) : logProb;
    return new Output(trie.labels(node), atMostOne, added(node));
  }

  /**
   * Puts the greedy output among the others if it is better than all of them: than the best, since
   * the beam may have lost some of that one's paths, too.
   */
  private void considerGreedy(List<Output> outputs) {
    if (greedy.pathLogProbability() == LOG_ZERO) {
      return;
    }
    int[] labels = greedy.labels();
    Output best =
        outputs.stream().max(Comparator.comparingDouble(Output::score)).orElse(Output.NOTHING);
    int entry = entryOf(labels);
    boolean first = entry != NONE && outputs.get(entry).score() == best.score();
    if (first && outputs.get(entry).logProbability() >= greedy.pathLogProbability()) {
      return; // the search has found it, and its best path
    }
    int node = nodeOf(labels);
    if (node == NONE) {
      return; // forbidden
    }
    Output found = output(node, greedy.logProbability(labels));
    if (isLess(best.score(), found.score())
        && (first || isLess(scoreOfAllPaths(best), found.score()))) {
      if (entry == NONE) {
        outputs.add(found);
      } else {
        outputs.set(entry, found);
      }
    }
  }

  private static boolean isLess(double score, double other) {
    return other - score > ROUNDING * Math.abs(other);
  }

  private double scoreOfAllPaths(Output best) {
    return best.score() == LOG_ZERO
        ? LOG_ZERO
        : greedy.logProbability(best.labels()) + best.score() - best.logProbability();
  }

  /** The entry of the beam that labels have, or NONE. */
  private int entryOf(int[] labels) {
    growNodes(); // those that an earlier look at the outputs has added
    int node = ROOT;
    for (int i = 0; i < labels.length && node != NONE; i++) {
      node = trie.find(node, labels[i]);
    }
    return node == NONE ? NONE : entryOf[node] - 1;
  }

  /** The node of labels that need not be in the beam; NONE if the scorer forbids them. */
  private int nodeOf(int[] labels) {
    int node = ROOT;
    for (int label : labels) {
      int child = trie.find(node, label);
      if (child == NONE) {
        double added = scorer == null ? 0 : added(node, label, Double.POSITIVE_INFINITY);
        if (added == LOG_ZERO) {
          return NONE;
        }
        S state = scorer == null ? null : scorer.next(trie.state(node), label);
        child = trie.add(node, label, added, state);
      }
      node = child;
    }
    return node;
  }

  /** What the scorer adds to the output of a node. */
  private double added(int node) {
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

  private void step() {
    linkChildren();
    candidates.clear();
    for (int i = 0; i < size; i++) {
      offerStay(i);
    }
    for (int i = 0; i < size; i++) {
      offerExtensions(i);
    }
    commit();
  }

  /** Which entries of the beam are one label longer than which others. */
  private void linkChildren() {
    Arrays.fill(firstChild, 0, size, NONE);
    for (int i = 0; i < size; i++) {
      int parent = parentEntry(i);
      if (parent != NONE) {
        nextSibling[i] = firstChild[parent];
        firstChild[parent] = i;
      }
    }
  }

  private int parentEntry(int i) {
    return nodes[i] == ROOT ? NONE : entryOf[trie.parent(nodes[i])] - 1;
  }

  private void offerStay(int i) {
    int node = nodes[i];
    int label = trie.label(node);
    double withBlank = total[i] + row[blank];
    double withLabel = LOG_ZERO;
    if (label != NONE && row[label] != LOG_ZERO) {
      withLabel = logLabel[i] + row[label];
      int parent = parentEntry(i);
      if (parent != NONE) {
        withLabel = LogAdd.of(withLabel, extended(parent, label));
      }
    }
    double sum = LogAdd.of(withBlank, withLabel);
    candidates.offer(i, NONE, withBlank, withLabel, sum, trie.bonus(node));
  }

  private void offerExtensions(int i) {
    int node = nodes[i];
    for (int child = firstChild[i]; child != NONE; child = nextSibling[child]) {
      taken[trie.label(nodes[child])] = true;
    }
    double bound = scorer == null ? 0 : bound(node);
    double most = trie.bonus(node) + bound;
    for (int k = 0; k < classes.count(); k++) {
      int label = classes.get(k);
      if (total[i] + row[label] + most <= candidates.threshold()) {
        break; // and so are all less probable classes
      }
      if (label != blank && !taken[label]) {
        double logProb = extended(i, label);
        double added = scorer == null ? 0 : added(node, label, bound);
        candidates.offer(i, label, LOG_ZERO, logProb, logProb, added);
      }
    }
    for (int child = firstChild[i]; child != NONE; child = nextSibling[child]) {
      taken[trie.label(nodes[child])] = false;
    }
  }

  /** What the scorer adds at most to the prefix of a node for one label more. */
  private double bound(int node) {
    double bound = scorer.bound(trie.state(node));
    if (Double.isNaN(bound)) {
      throw refused("bound(state)", bound, "a number", node);
    }
    return bound;
  }

  /** What the scorer adds to the prefix of a node and one label more. */
  private double added(int node, int label, double bound) {
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

  private static String finite(double value) {
    return "a number below +Infinity"
        + (Double.isFinite(value) ? ", all that it adds together too" : "");
  }

  private InvalidInputException refused(String call, double value, String expected, int node) {
    int[] prefix = trie.labels(node);
    int[] last = Arrays.copyOfRange(prefix, Math.max(0, prefix.length - 20), prefix.length);
    return new InvalidInputException(
        "scorer: %s gave %s in %s after %s %s, expected %s"
            .formatted(
                call,
                value,
                utterance,
                last.length < prefix.length ? prefix.length + " labels that end in" : "the labels",
                Arrays.toString(last),
                expected));
  }

  private double extended(int i, int label) {
    return (trie.label(nodes[i]) == label ? logBlank[i] : total[i]) + row[label];
  }

  /** The candidates become the beam. */
  private void commit() {
    for (int i = 0; i < size; i++) {
      entryOf[nodes[i]] = 0;
    }
    int[] order = candidates.ranked(); // what the best lead to sets a high threshold
    int count = order.length;
    int[] next = new int[count];
    for (int k = 0; k < count; k++) {
      int from = nodes[candidates.entry[order[k]]];
      next[k] = candidates.label[order[k]] == NONE ? from : child(from, order[k]);
    }
    if (trie.isFull()) {
      trie.keep(next, count);
    }
    grow(count);
    size = count;
    for (int k = 0; k < count; k++) {
      nodes[k] = next[k];
      logBlank[k] = candidates.logBlank[order[k]];
      logLabel[k] = candidates.logLabel[order[k]];
      total[k] = LogAdd.of(logBlank[k], logLabel[k]);
      entryOf[next[k]] = k + 1;
    }
  }

  private int child(int parent, int candidate) {
    int label = candidates.label[candidate];
    int node = trie.find(parent, label);
    if (node == NONE) {
      S state = scorer == null ? null : scorer.next(trie.state(parent), label);
      node = trie.add(parent, label, candidates.bonus[candidate], state);
    }
    return node;
  }

  private void growNodes() {
    if (entryOf.length < trie.size()) {
      entryOf = Arrays.copyOf(entryOf, 2 * trie.size());
    }
  }

  private void grow(int count) {
    growNodes();
    if (nodes.length < count) {
      int length = 2 * count;
      nodes = new int[length];
      logBlank = new double[length];
      logLabel = new double[length];
      total = new double[length];
      firstChild = new int[length];
      nextSibling = new int[length];
    }
  }
}
