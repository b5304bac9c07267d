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
import org.ctc4j.LabelSpan;
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
 * <p>In the end, and every 4096 frames or less, the greedy output is weighed beside the best of the
 * beam, both with the probability of all their paths, so that no beam is too narrow to find what is
 * no worse than the greedy output. These frames are kept until then, and no others.
 *
 * <p>Labels that all prefixes begin with are final: they leave the trie for a list.
 *
 * <p>All in logarithms. A prefix becomes a node of the trie when it enters the beam, not when it is
 * weighed; so a frame costs W merges and at most W · M additions and comparisons for W prefixes and
 * M classes, without a look-up.
 *
 * @param <S> state of the scorer
 */
public final class BeamSearch<S> implements FrameSearch {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  /** How far two sums over the same paths may be apart, of their logarithm. */
  private static final double ROUNDING = 1e-12;

  private static final Output NOTHING = new Output(new int[0], LOG_ZERO, 0);

  private final int blank;
  private final boolean areNormalised; // the probabilities of every frame
  private final ClassPruning classes;
  private final GreedyOutput greedy;
  private final Candidates candidates;
  private final PrefixTrie<S> trie;
  private final CheckedScorer<S> scorer;
  private final BeamSpans spans; // null if nobody asks
  private final PathSpans greedySpans;
  private int frames; // so far
  private int[] prefix = new int[16]; // the labels that have left the trie
  private int prefixLength;
  private int base; // how many labels of the prefix come before those that greedy knows

  // the beam; entry i is a prefix
  private int size;
  private int[] nodes = new int[16];
  private double[] logBlank = new double[16]; // b
  private double[] logLabel = new double[16]; // n
  private double[] total = new double[16]; // p

  private int[] entryOf = new int[16]; // entry + 1 of a trie node, 0 if not in the beam
  private int[] parents = new int[16]; // entry of an entry's parent, NONE if none
  private int[] firstChild = new int[16]; // entry of an entry's child, NONE if none
  private int[] nextSibling = new int[16];
  private final boolean[] taken; // classes that lead to a prefix in the beam
  private final double[] row; // of a frame

  /**
   * @param classes C
   * @param options blank and input
   * @param scorer or null
   * @param utterance what it is called in messages
   * @param withSpans whether somebody will ask for spans
   */
  public BeamSearch(
      int classes,
      CtcOptions options,
      BeamOptions beam,
      BeamScorer<S> scorer,
      String utterance,
      boolean withSpans) {
    this.blank = options.blank();
    this.areNormalised = options.input() == InputKind.LOGITS;
    this.classes = new ClassPruning(classes, beam);
    this.greedy = new GreedyOutput(classes, blank, Math.min(classes, beam.topClasses()));
    this.spans = withSpans ? new BeamSpans() : null;
    this.greedySpans = new PathSpans(blank);
    this.candidates = new Candidates(beam.beamWidth(), beam.beamThreshold());
    this.trie = new PrefixTrie<>(scorer == null ? null : scorer.start());
    this.scorer = new CheckedScorer<>(scorer, trie, utterance, node -> from(0, trie.labels(node)));
    this.taken = new boolean[classes];
    this.row = new double[classes];
    size = 1;
    nodes[0] = ROOT;
    logLabel[0] = LOG_ZERO;
    entryOf[ROOT] = 1;
  }

  @Override
  public boolean frame(LogProbs logProbs, int t) {
    if (!logProbs.readScores(t, row)) {
      return false;
    }
    if (greedy.isFull()) {
      startGreedyAnew();
    }
    if (isPossible()) {
      classes.select(row, logProbs.normaliser(t));
      greedy.frame(row, classes.best());
      greedySpans.add(frames, classes.best(), row[classes.best()]);
      step();
    }
    frames++;
    return true;
  }

  @Override
  public boolean isPossible() {
    return size > 0 || greedy.pathLogProbability() > LOG_ZERO;
  }

  @Override
  public int[] prefix() {
    return Arrays.copyOf(prefix, prefixLength);
  }

  @Override
  public int finalSpans() {
    return Spans.count(spans.common(greedySpans));
  }

  @Override
  public List<LabelSpan> spans(int from) {
    return size == 0 ? List.of() : spans.list(best(), frames, from);
  }

  /** The best entry of the beam; of equal ones the first. */
  private int best() {
    int best = 0;
    for (int i = 1; i < size; i++) {
      best = score(i) > score(best) ? i : best;
    }
    return best;
  }

  private double score(int i) {
    return total[i] + trie.bonus(nodes[i]);
  }

  /** The prefixes in the beam, and one more at most. */
  @Override
  public List<Output> outputs() {
    List<Output> outputs = outputs(true);
    Rival rival = rival(outputs, true);
    if (rival != null && rival.entry == NONE) {
      outputs.add(rival.output);
    } else if (rival != null) {
      outputs.set(rival.entry, rival.output);
    }
    return outputs;
  }

  /**
   * Those of the beam.
   *
   * @param ends whether the utterance ends here
   */
  private List<Output> outputs(boolean ends) {
    List<Output> outputs = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      outputs.add(output(nodes[i], total[i], ends ? scorer.added(nodes[i]) : trie.bonus(nodes[i])));
    }
    return outputs;
  }

  private Output output(int node, double logProb, double added) {
    // rounding must not make a probability of more than 1
    double atMostOne = areNormalised ? Math.min(logProb, 0) : logProb;
    return new Output(trie.labels(node), atMostOne, added);
  }

  /**
   * The greedy output.
   *
   * @param entry of the beam, or NONE
   */
  private record Rival(int entry, int node, Output output, double logBlank, double logLabel) {}

  /**
   * The greedy output if it is better than all the others: than the best, since the beam may have
   * lost some of that one's paths, too; null if it is not.
   *
   * @param ends whether the utterance ends here
   */
  private Rival rival(List<Output> outputs, boolean ends) {
    if (greedy.pathLogProbability() == LOG_ZERO) {
      return null;
    }
    int[] labels = greedyLabels();
    Output best = outputs.stream().max(Comparator.comparingDouble(Output::score)).orElse(NOTHING);
    int entry = entryOf(labels);
    boolean first = entry != NONE && outputs.get(entry).score() == best.score();
    if (first && outputs.get(entry).logProbability() >= greedy.pathLogProbability()) {
      return null; // the search has found it, and its best path
    }
    int node = nodeOf(labels);
    if (node == NONE) {
      return null; // forbidden
    }
    double logProb = greedy.logProbability(greedy.labels());
    double added = ends ? scorer.added(node) : trie.bonus(node);
    Rival rival =
        new Rival(entry, node, output(node, logProb, added), greedy.logBlank(), greedy.logLabel());
    double score = rival.output.score();
    boolean isBetter =
        isLess(best.score(), score) && (first || isLess(scoreOfAllPaths(best), score));
    return isBetter ? rival : null;
  }

  private static boolean isLess(double score, double other) {
    return other - score > ROUNDING * Math.abs(other);
  }

  private double scoreOfAllPaths(Output best) {
    return best.score() == LOG_ZERO
        ? LOG_ZERO
        : greedy.logProbability(fromBase(best.labels())) + best.score() - best.logProbability();
  }

  /** Labels of the trie as greedy knows them. */
  private int[] fromBase(int[] labels) {
    return from(base, labels);
  }

  /** What the prefix has from a position on, and then labels of the trie. */
  private int[] from(int start, int[] labels) {
    int[] all = Arrays.copyOfRange(prefix, start, prefixLength + labels.length);
    System.arraycopy(labels, 0, all, prefixLength - start, labels.length);
    return all;
  }

  /** The labels of the greedy output as the trie knows them. */
  private int[] greedyLabels() {
    int[] labels = greedy.labels();
    return Arrays.copyOfRange(labels, prefixLength - base, labels.length);
  }

  /** Weighs the greedy output as in the end, and lets go of the frames so far. */
  private void startGreedyAnew() {
    Rival rival = rival(outputs(false), false);
    if (rival != null) {
      put(rival);
    }
    if (size == 0) {
      greedy.giveUp();
      return;
    }
    int best = best();
    boolean goesOn = Arrays.equals(trie.labels(nodes[best]), greedyLabels());
    int last = logLabel[best] > logBlank[best] ? trie.label(nodes[best]) : blank;
    Arrays.fill(entryOf, 0);
    forget(nodes, size);
    growNodes();
    int[][] labels = new int[size][];
    base = Math.max(0, prefixLength - 1); // the last may go on
    for (int i = 0; i < size; i++) {
      entryOf[nodes[i]] = i + 1;
      labels[i] = fromBase(trie.labels(nodes[i]));
    }
    greedy.start(labels, Arrays.copyOf(logBlank, size), Arrays.copyOf(logLabel, size), best);
    if (!goesOn) {
      greedy.setSymbol(last);
    }
    if (spans != null) {
      if (!goesOn) {
        spans.copy(best, last == blank, greedySpans);
      }
      spans.compact(greedySpans);
    }
  }

  /** The greedy output comes into the beam, or has more paths there than it had. */
  private void put(Rival rival) {
    int at = rival.entry == NONE ? size++ : rival.entry;
    nodes[at] = rival.node;
    logBlank[at] = rival.logBlank;
    logLabel[at] = rival.logLabel;
    total[at] = LogAdd.of(rival.logBlank, rival.logLabel);
    if (spans != null) {
      spans.set(at, greedySpans, greedy.pathLogProbability());
    }
  }

  /** Forgets prefixes that lead to none of these nodes; what leads to all of them is final. */
  private void forget(int[] kept, int count) {
    int[] labels = trie.keep(kept, count);
    int length = prefixLength + labels.length;
    prefix = prefix.length < length ? Arrays.copyOf(prefix, 2 * length) : prefix;
    System.arraycopy(labels, 0, prefix, prefixLength, labels.length);
    prefixLength = length;
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
        double added = scorer.added(node, label, Double.POSITIVE_INFINITY);
        if (added == LOG_ZERO) {
          return NONE;
        }
        child = scorer.addChild(node, label, added);
      }
      node = child;
    }
    return node;
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
      int parent = nodes[i] == ROOT ? NONE : entryOf[trie.parent(nodes[i])] - 1;
      parents[i] = parent;
      if (parent != NONE) {
        nextSibling[i] = firstChild[parent];
        firstChild[parent] = i;
      }
    }
  }

  private void offerStay(int i) {
    int node = nodes[i];
    int label = trie.label(node);
    double withBlank = total[i] + row[blank];
    double withLabel = LOG_ZERO;
    if (label != NONE && row[label] != LOG_ZERO) {
      withLabel = logLabel[i] + row[label];
      int parent = parents[i];
      if (parent != NONE) {
        withLabel = LogAdd.of(withLabel, extended(parent, label));
      }
    }
    double sum = LogAdd.of(withBlank, withLabel);
    candidates.offer(i, NONE, withBlank, withLabel, sum, trie.bonus(node));
  }

  private void offerExtensions(int i) {
    int node = nodes[i];
    double bound = scorer.bound(node);
    double most = trie.bonus(node) + bound;
    if (classes.count() == 0 || total[i] + row[classes.get(0)] + most <= candidates.threshold()) {
      return; // as most prefixes
    }
    for (int child = firstChild[i]; child != NONE; child = nextSibling[child]) {
      taken[trie.label(nodes[child])] = true;
    }
    for (int k = 0; k < classes.count(); k++) {
      int label = classes.get(k);
      if (total[i] + row[label] + most <= candidates.threshold()) {
        break; // and so are all less probable classes
      }
      if (label != blank && !taken[label]) {
        double logProb = extended(i, label);
        double added = scorer.added(node, label, bound);
        candidates.offer(i, label, LOG_ZERO, logProb, logProb, added);
      }
    }
    for (int child = firstChild[i]; child != NONE; child = nextSibling[child]) {
      taken[trie.label(nodes[child])] = false;
    }
  }

  private double extended(int i, int label) {
    return (trie.label(nodes[i]) == label ? logBlank[i] : total[i]) + row[label];
  }

  /** The candidates become the beam. */
  private void commit() {
    int[] order = candidates.ranked(); // what the best lead to sets a high threshold
    int count = order.length;
    if (spans != null) {
      commitSpans(order);
    }
    for (int i = 0; i < size; i++) {
      entryOf[nodes[i]] = 0;
    }
    int[] next = new int[count];
    for (int k = 0; k < count; k++) {
      int from = nodes[candidates.entry[order[k]]];
      next[k] = candidates.label[order[k]] == NONE ? from : child(from, order[k]);
    }
    if (trie.isFull()) {
      forgetBeside(next);
    }
    grow(count + 1); // one more for the greedy output
    size = count;
    for (int k = 0; k < count; k++) {
      nodes[k] = next[k];
      logBlank[k] = candidates.logBlank[order[k]];
      logLabel[k] = candidates.logLabel[order[k]];
      total[k] = candidates.total[order[k]];
      entryOf[next[k]] = k + 1;
    }
  }

  private void commitSpans(int[] order) {
    spans.begin(order.length);
    for (int k : order) {
      int entry = candidates.entry[k];
      int label = candidates.label[k];
      if (label != NONE) {
        spans.enter(entry, label, frames, row[label]);
      } else {
        label = trie.label(nodes[entry]);
        double ofLabel = label == NONE ? LOG_ZERO : row[label];
        spans.stay(entry, parents[entry], frames, row[blank], ofLabel);
      }
    }
    spans.end();
  }

  /** Forgets all prefixes that lead neither to one of these nodes nor to the greedy output. */
  private void forgetBeside(int[] next) {
    boolean isPossible = greedy.pathLogProbability() > LOG_ZERO;
    int node = isPossible ? nodeOf(greedyLabels()) : NONE;
    int[] kept = Arrays.copyOf(next, next.length + 1);
    kept[next.length] = node;
    forget(kept, node == NONE ? next.length : kept.length);
    System.arraycopy(kept, 0, next, 0, next.length);
  }

  private int child(int parent, int candidate) {
    int label = candidates.label[candidate];
    int node = trie.find(parent, label);
    return node == NONE ? scorer.addChild(parent, label, candidates.bonus[candidate]) : node;
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
      parents = new int[length];
      firstChild = new int[length];
      nextSibling = new int[length];
    }
  }
}
