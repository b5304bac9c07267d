package org.ctc4j.cpu;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Posteriors;

/**
 * One call: its arguments, and how it is cut into parts for threads.
 *
 * <p>As a rule a part is an utterance, all its stages by one thread, whose caches it then stays in.
 * A batch too small for that goes through the stages together: ranges of frames of all utterances,
 * then alpha and beta of each as parts of their own, to the meeting and again after it. The results
 * are the same in every bit.
 */
final class Call extends Work {
  /** Ranges of frames per utterance and thread. */
  private static final int RANGES = 4;

  private enum Part {
    UTTERANCE,
    FRAMES,
    FIRST_HALF,
    SECOND_HALF
  }

  private final Pool<Utterance> utterances;
  private final Pool<Scratch> scratches;
  private CtcBatch batch;
  private CtcOptions options;
  private double[] weights;
  private double[] losses;
  private CtcStatus[] statuses;
  private FrameTensor gradient;
  private Posteriors posteriors;
  private long budget;
  private Part part;
  private int ranges;
  private Utterance[] together = {};

  Call(Pool<Utterance> utterances, Pool<Scratch> scratches) {
    this.utterances = utterances;
    this.scratches = scratches;
  }

  /** How many utterances are at work at the same time. */
  static int concurrency(int batch, int threads) {
    return isTogether(batch, threads) ? batch : Math.min(batch, threads);
  }

  /** Whether threads would idle, or wait for one of them, if each took whole utterances. */
  private static boolean isTogether(int batch, int threads) {
    return batch < 2 * threads && batch % threads != 0;
  }

  void compute(
      Workers workers,
      CtcBatch itsBatch,
      CtcOptions itsOptions,
      double[] itsWeights,
      double[] itsLosses,
      CtcStatus[] itsStatuses,
      FrameTensor gradientOrNull,
      Posteriors itsPosteriors,
      long bytes) {
    batch = itsBatch;
    options = itsOptions;
    weights = itsWeights;
    losses = itsLosses;
    statuses = itsStatuses;
    gradient = gradientOrNull;
    posteriors = itsPosteriors;
    int count = batch.utterances();
    budget = bytes / Math.max(1, concurrency(count, workers.threads()));
    try {
      if (isTogether(count, workers.threads())) {
        computeTogether(workers, count);
      } else {
        run(workers, Part.UTTERANCE, count);
      }
    } finally {
      batch = null;
      gradient = null;
      posteriors = null;
    }
  }

  private void computeTogether(Workers workers, int count) {
    if (together.length < count) {
      together = new Utterance[count];
    }
    try {
      for (int n = 0; n < count; n++) {
        together[n] = utterances.take();
        begin(together[n], n);
      }
      ranges = RANGES * workers.threads();
      run(workers, Part.FRAMES, ranges * count);
      run(workers, Part.FIRST_HALF, 2 * count);
      Scratch scratch = scratches.take();
      for (int n = 0; n < count; n++) {
        scratch.begin(together[n]);
        together[n].meet(scratch);
      }
      scratches.give(scratch);
      run(workers, Part.SECOND_HALF, 2 * count);
      scratch = scratches.take();
      for (int n = 0; n < count; n++) {
        scratch.begin(together[n]);
        together[n].end(scratch);
        finish(together[n], n);
      }
      scratches.give(scratch);
    } finally {
      for (int n = 0; n < count; n++) {
        if (together[n] != null) {
          utterances.give(together[n]);
          together[n] = null;
        }
      }
    }
  }

  private void run(Workers workers, Part kind, int count) {
    part = kind;
    prepare(count);
    workers.run(this);
  }

  @Override
  void run(int index) {
    Scratch scratch = scratches.take();
    switch (part) {
      case UTTERANCE -> whole(index, scratch);
      case FRAMES -> {
        Utterance u = together[index / ranges];
        long range = index % ranges;
        scratch.begin(u);
        u.frames(
            (int) (u.frames() * range / ranges),
            (int) (u.frames() * (range + 1) / ranges),
            scratch);
      }
      case FIRST_HALF -> {
        scratch.begin(together[index / 2]);
        together[index / 2].firstHalf(index % 2 == 0, scratch);
      }
      case SECOND_HALF -> {
        scratch.begin(together[index / 2]);
        together[index / 2].secondHalf(index % 2 == 0, scratch);
      }
    }
    scratches.give(scratch);
  }

  private void whole(int n, Scratch scratch) {
    Utterance u = utterances.take();
    begin(u, n);
    scratch.begin(u);
    u.frames(0, u.frames(), scratch);
    u.firstHalf(true, scratch);
    u.firstHalf(false, scratch);
    u.meet(scratch);
    u.secondHalf(true, scratch);
    u.secondHalf(false, scratch);
    u.end(scratch);
    finish(u, n);
    utterances.give(u);
  }

  private void begin(Utterance u, int n) {
    u.begin(batch, n, options, weights[n], gradient, posteriors, budget);
  }

  private void finish(Utterance u, int n) {
    losses[n] = u.loss();
    statuses[n] = u.status();
  }
}
