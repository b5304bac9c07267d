package org.ctc4j.decoding;

import static org.ctc4j.decoding.PrefixTrie.NONE;

import java.util.Arrays;
import java.util.List;
import org.ctc4j.LabelSpan;

/**
 * When the labels of the prefixes in a beam are: of the most probable path to each that ends in a
 * blank, and of that which ends in its last label (Viterbi), as far as they went through the beam.
 */
final class BeamSpans {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  /** Of a prefix. */
  private static final class Paths {
    double logBlank = LOG_ZERO; // ln p of the path that ends in a blank
    Spans spans; // of that
    double logLabel = LOG_ZERO; // ln p of the path that ends in the last label
    Spans before; // its spans but for the last, which has not ended
    int label = NONE; // the last
    int start;
    double sum; // ln p of its frames
    private Spans ended; // all spans of that path if its last ends here

    /** All spans of the path that ends in the last label. */
    Spans ended(int t) {
      if (ended == null || ended.last.end() != t) {
        ended = new Spans(before, new LabelSpan(label, start, t, sum));
      }
      return ended;
    }

    Spans best(int t) {
      return logLabel > logBlank ? ended(t) : spans;
    }
  }

  private final Spans.Final finals = new Spans.Final();
  private Paths[] paths = {new Paths()};
  private Paths[] next = new Paths[1];
  private int size = 1;
  private int nextSize;

  BeamSpans() {
    paths[0].logBlank = 0;
  }

  /** The beam of the next frame will have so many prefixes; they are given one by one. */
  void begin(int count) {
    next = next.length < count ? new Paths[2 * count] : next;
    nextSize = 0;
  }

  /**
   * A prefix stays in the beam.
   *
   * @param parent entry of the prefix without its last label, or NONE
   */
  void stay(int entry, int parent, int t, double ofBlank, double ofLabel) {
    Paths from = paths[entry];
    Paths to = new Paths();
    to.label = from.label;
    to.logBlank = Math.max(from.logBlank, from.logLabel) + ofBlank;
    to.spans = from.best(t);
    if (from.label != NONE) {
      to.logLabel = from.logLabel + ofLabel;
      to.before = from.before;
      to.start = from.start;
      to.sum = from.sum + ofLabel;
      if (parent != NONE) {
        extend(paths[parent], to, t, ofLabel);
      }
    }
    next[nextSize++] = to;
  }

  /** A prefix enters the beam that is another with one label more. */
  void enter(int entry, int label, int t, double ofLabel) {
    Paths to = new Paths();
    to.label = label;
    extend(paths[entry], to, t, ofLabel);
    next[nextSize++] = to;
  }

  /** The path to a prefix by way of its parent, if that is better. */
  private static void extend(Paths from, Paths to, int t, double ofLabel) {
    boolean repeats = from.label == to.label;
    double logProb = (repeats ? from.logBlank : Math.max(from.logBlank, from.logLabel)) + ofLabel;
    if (logProb > to.logLabel) {
      to.logLabel = logProb;
      to.before = repeats ? from.spans : from.best(t);
      to.start = t;
      to.sum = ofLabel;
    }
  }

  /** All prefixes have been given. */
  void end() {
    Paths[] swap = paths;
    paths = next;
    next = swap;
    size = nextSize;
  }

  /** Entry i, which may be new, has a path that is known. */
  void set(int i, PathSpans path, double logProb) {
    if (i == paths.length) {
      paths = Arrays.copyOf(paths, 2 * i);
    }
    Paths of = new Paths();
    if (path.isOnBlank()) {
      of.logBlank = logProb;
      of.spans = path.closed();
      of.label = path.closed() == null ? NONE : path.closed().last.label();
    } else {
      of.logLabel = logProb;
      of.before = path.closed();
      of.label = path.symbol();
      of.start = path.start();
      of.sum = path.logProb();
    }
    paths[i] = of;
    size = Math.max(size, i + 1);
  }

  /** A path goes on from entry i, with a blank or with its last label as its last symbol. */
  void copy(int i, boolean inBlank, PathSpans to) {
    Paths from = paths[i];
    if (inBlank) {
      to.setOnBlank(from.spans);
    } else {
      to.set(from.before, from.label, from.start, from.sum);
    }
  }

  /** What the paths to all prefixes, and another, have in common. */
  Spans common(PathSpans other) {
    Spans common = paths[0].logBlank > LOG_ZERO ? paths[0].spans : paths[0].before;
    for (int i = 0; i < size; i++) {
      Paths of = paths[i];
      common = of.logBlank > LOG_ZERO ? Spans.common(common, of.spans) : common;
      common = of.logLabel > LOG_ZERO ? Spans.common(common, of.before) : common;
    }
    return Spans.common(common, other.closed(), finals.count());
  }

  /** Keeps what all have in common in places of its own. */
  void compact(PathSpans other) {
    finals.take(common(other));
  }

  List<LabelSpan> list(int entry, int frames, int from) {
    return finals.followedBy(paths[entry].best(frames), from);
  }
}
