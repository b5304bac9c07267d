package org.ctc4j;

import java.util.Objects;

/** What two scorers add together. */
record ScorerSum<A, B>(BeamScorer<A> first, BeamScorer<B> second)
    implements BeamScorer<ScorerSum.Pair<A, B>> {
  ScorerSum {
    Objects.requireNonNull(second, "scorer");
  }

  /** A state of each. */
  record Pair<A, B>(A first, B second) {}

  @Override
  public void check(int classes, int blank) {
    first.check(classes, blank);
    second.check(classes, blank);
  }

  @Override
  public Pair<A, B> start() {
    return new Pair<>(first.start(), second.start());
  }

  @Override
  public double score(Pair<A, B> state, int label) {
    return first.score(state.first, label) + second.score(state.second, label);
  }

  @Override
  public double bound(Pair<A, B> state) {
    double ofFirst = first.bound(state.first);
    double ofSecond = second.bound(state.second);
    boolean isForbidden =
        ofFirst == Double.NEGATIVE_INFINITY || ofSecond == Double.NEGATIVE_INFINITY;
    return isForbidden && !Double.isNaN(ofFirst) && !Double.isNaN(ofSecond)
        ? Double.NEGATIVE_INFINITY
        : ofFirst + ofSecond;
  }

  @Override
  public Pair<A, B> next(Pair<A, B> state, int label) {
    return new Pair<>(first.next(state.first, label), second.next(state.second, label));
  }

  @Override
  public double end(Pair<A, B> state) {
    return first.end(state.first) + second.end(state.second);
  }

  @Override
  public String toString() {
    return first + " + " + second;
  }
}
