package org.ctc4j.cpu;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Posteriors;

/**
 * One call: its arguments, and how it is cut into parts for threads.
 *
 * <p>As a rule a part is a run of utterances, all stages of each by one thread, whose caches it
 * then stays in. A batch too small for that goes through the stages together: ranges of frames of
 * all utterances, then alpha and beta of each as parts of their own, to the meeting and again after
 * it. The results are the same in every bit.
 */
final class Call extends Work {
  /** Ranges of frames per utterance and thread. */
  private static final int RANGES = 4;

  /**
   * Runs of utterances per thread. Neighbours in a time-major batch share cache lines, which two
   * threads that write to them would take from each other all the time.
   */
  private static final int RUNS = 8;

  /**
   * Logits and states of a batch, a state counted as eight logits, that are done before another
   * thread has woken up.
   */
  static final long SMALL = 200_000;

  private enum Part {
    UTTERANCES,
    FRAMES,
    FIRST_HALF,
    SECOND_HALF
  }

  private final long small;
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
  private int runLength;
  private Utterance[] together = {};

  /**
   * @param small work up to which the calling thread is left alone
   */
  Call(Pool<Utterance> utterances, Pool<Scratch> scratches, long small) {
    this.small = small;
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
      if (isSmall()) {
        runLength = Math.max(1, count);
        run(workers, Part.UTTERANCES, Math.min(count, 1));
      } else if (isTogether(count, workers.threads())) {
        computeTogether(workers, count);
      } else {
        runLength = Math.max(1, count / (RUNS * workers.threads()));
        run(workers, Part.UTTERANCES, (count + runLength - 1) / runLength);
      }
    } finally {
      batch = null;
      options = null;
      weights = null;
      losses = null;
      statuses = null;
      gradient = null;
      posteriors = null;
    }
  }

  private boolean isSmall() {
    long work = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      long states = 2L * batch.targets().length(n) + 1;
      work += batch.inputLength(n) * (batch.logits().classes() + 8 * states);
    }
    return work <= small;
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
      giveBack(scratch);
      run(workers, Part.SECOND_HALF, 2 * count);
      scratch = scratches.take();
      for (int n = 0; n < count; n++) {
        scratch.begin(together[n]);
        together[n].end(scratch);
        finish(together[n], n);
      }
      giveBack(scratch);
    } finally {
      for (int n = 0; n < count; n++) {
        if (together[n] != null) {
          giveBack(together[n]);
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
      case UTTERANCES -> {
        Utterance u = utterances.take();
        for (int n = index * runLength;
            n < Math.min((index + 1) * runLength, batch.utterances());
            n++) {
          whole(u, n, scratch);
        }
        giveBack(u);
      }
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
    giveBack(scratch);
  }

  /** For the next call, which may be long in coming. */
  private void giveBack(Utterance u) {
    u.release();
    utterances.give(u);
  }

  private void giveBack(Scratch scratch) {
    scratch.release();
    scratches.give(scratch);
  }

  private void whole(Utterance u, int n, Scratch scratch) {
    begin(u, n);
    scratch.begin(u);
    u.run(scratch);
    finish(u, n);
  }

  private void begin(Utterance u, int n) {
    u.begin(batch, n, options, weights[n], gradient, posteriors, budget);
  }

  private void finish(Utterance u, int n) {
    losses[n] = u.loss();
    statuses[n] = u.status();
  }
}
