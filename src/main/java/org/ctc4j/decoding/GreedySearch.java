package org.ctc4j.decoding;

import java.util.List;
import org.ctc4j.LabelSpan;
import org.ctc4j.host.LogProbs;

/** {@link Greedy} frame by frame. */
public final class GreedySearch implements FrameSearch {
  private static final int SPANS_AT_ONCE = 1024;

  private final double[] row; // of a frame, to work in
  private final PathSpans path;
  private final Spans.Final finals = new Spans.Final();
  private int frames;
  private double logProb;

  /**
   * @param classes C
   */
  public GreedySearch(int classes, int blank) {
    row = new double[classes];
    path = new PathSpans(blank);
  }

  @Override
  public boolean frame(LogProbs logProbs, int t) {
    int best = logProbs.best(t, row);
    if (best < 0) {
      return false;
    }
    double ofBest = logProbs.at(t, best);
    path.add(frames++, best, ofBest);
    logProb += ofBest;
    if (finalSpans() - finals.count() == SPANS_AT_ONCE) {
      finals.take(path.closed());
    }
    return true;
  }

  @Override
  public boolean isPossible() {
    return logProb > Double.NEGATIVE_INFINITY;
  }

  @Override
  public int[] prefix() {
    return finals.labels(0);
  }

  @Override
  public List<Output> outputs() {
    int[] labels = spans(finals.count()).stream().mapToInt(LabelSpan::label).toArray();
    return isPossible() ? List.of(new Output(labels, logProb, 0)) : List.of();
  }

  @Override
  public int finalSpans() {
    return Spans.count(path.closed());
  }

  @Override
  public List<LabelSpan> spans(int from) {
    return finals.followedBy(path.at(frames), from);
  }
}
