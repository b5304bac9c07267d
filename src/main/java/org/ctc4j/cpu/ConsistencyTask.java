package org.ctc4j.cpu;

import org.ctc4j.ConsistencyBatch;
import org.ctc4j.CtcStatus;
import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.host.Workers;

/**
 * One call on two views, and how it is cut into parts for threads: ranges of the frames of an
 * utterance, whose divergences are then added up in the order of frames.
 */
final class ConsistencyTask {
  /** Ranges per thread, of all utterances together. */
  private static final int RANGES = 8;

  private final Pool<ViewPair> pairs;
  private final ConsistencyCall call;
  private final ConsistencyBatch batch;
  private final double[][] divergences; // [n][t]

  ConsistencyTask(Pool<ViewPair> pairs, ConsistencyCall call) {
    this.pairs = pairs;
    this.call = call;
    batch = call.batch();
    divergences = new double[batch.utterances()][];
    for (int n = 0; n < divergences.length; n++) {
      divergences[n] = new double[batch.inputLength(n)];
    }
  }

  void compute(Workers workers) {
    int count = batch.utterances();
    if (count == 0) {
      return;
    }
    int ranges = (RANGES * workers.threads() + count - 1) / count;
    workers.forEach(count * ranges, part -> compute(part / ranges, part % ranges, ranges));
    workers.forEach(count, this::finish);
  }

  private void compute(int n, int range, int ranges) {
    long frames = divergences[n].length;
    ViewPair pair = begin(n);
    pair.compute(
        (int) (frames * range / ranges), (int) (frames * (range + 1) / ranges), divergences[n]);
    end(pair);
  }

  private void finish(int n) {
    double sum = 0;
    for (double divergence : divergences[n]) {
      sum += divergence;
    }
    call.set(n, sum);
    ViewPair pair = begin(n);
    boolean counts = call.statuses()[n] == CtcStatus.OK && batch.weight(n) != 0;
    pair.clear(counts ? divergences[n].length : 0);
    end(pair);
  }

  private ViewPair begin(int n) {
    ViewPair pair = pairs.take();
    pair.begin(call, n);
    return pair;
  }

  /** For the next call, which may be long in coming. */
  private void end(ViewPair pair) {
    pair.release();
    pairs.give(pair);
  }
}
