package org.ctc4j;

/** A scorer as if its bound were not known. */
public record UnboundedScorer<S>(BeamScorer<S> scorer) implements BeamScorer<S> {
  @Override
  public S start() {
    return scorer.start();
  }

  @Override
  public double score(S state, int label) {
    return scorer.score(state, label);
  }

  @Override
  public S next(S state, int label) {
    return scorer.next(state, label);
  }

  @Override
  public double end(S state) {
    return scorer.end(state);
  }
}
