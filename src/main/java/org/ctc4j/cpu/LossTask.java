package org.ctc4j.cpu;

import org.ctc4j.CtcBatch;
import org.ctc4j.engine.LossCall;
import org.ctc4j.host.ParallelTask;
import org.ctc4j.host.Workers;

/**
 * One call, and how it is cut into parts for threads.
 *
 * <p>As a rule a part is a few neighbouring utterances, all steps of each by one thread, whose
 * caches it then stays in. Of a batch too small for that all utterances go through one step after
 * the other: ranges of frames of all, then alpha and beta of each as parts of their own, to the
 * meeting and again after it. The results are the same in every bit.
 */
final class LossTask extends ParallelTask {
  /** Ranges of frames per utterance and thread. */
  private static final int RANGES = 4;

  /**
   * Groups of neighbouring utterances per thread. Neighbours in a time-major batch share cache
   * lines, which two threads that write to them would take from each other all the time.
   */
  private static final int GROUPS = 8;

  /**
   * Logits and states of a batch, a state counted as eight logits, that are done before another
   * thread has woken up.
   */
  static final long SMALL = 200_000;

  private enum Step {
    ALL,
    FRAMES,
    FIRST_HALF,
    SECOND_HALF
  }

  private final long small;
  private final Pool<ForwardBackward> utterances;
  private final Pool<Scratch> scratches;
  private LossCall call;
  private long budget;
  private Step step;
  private int ranges;
  private int groupSize;
  private ForwardBackward[] all = {};

  /**
   * @param small work up to which the calling thread is left alone
   */
  LossTask(Pool<ForwardBackward> utterances, Pool<Scratch> scratches, long small) {
    this.small = small;
    this.utterances = utterances;
    this.scratches = scratches;
  }

  /** How many utterances are at work at the same time. */
  static int concurrency(int batch, int threads) {
    return isByStep(batch, threads) ? batch : Math.min(batch, threads);
  }

  /** Whether threads would idle, or wait for one of them, if each took whole utterances. */
  private static boolean isByStep(int batch, int threads) {
    return batch < 2 * threads && batch % threads != 0;
  }

  /**
   * @param bytes that the recursions of all utterances at work may use
   */
  void compute(Workers workers, LossCall call, long bytes) {
    this.call = call;
    int count = call.batch().utterances();
    budget = bytes / Math.max(1, concurrency(count, workers.threads()));
    try {
      if (isSmall()) {
        groupSize = Math.max(1, count);
        compute(workers, Step.ALL, Math.min(count, 1));
      } else if (isByStep(count, workers.threads())) {
        computeByStep(workers, count);
      } else {
        groupSize = Math.max(1, count / (GROUPS * workers.threads()));
        compute(workers, Step.ALL, (count + groupSize - 1) / groupSize);
      }
    } finally {
      this.call = null;
    }
  }

  private boolean isSmall() {
    CtcBatch batch = call.batch();
    long work = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      long states = 2L * batch.targets().length(n) + 1;
      work += batch.inputLength(n) * (batch.logits().classes() + 8 * states);
    }
    return work <= small;
  }

  private void computeByStep(Workers workers, int count) {
    if (all.length < count) {
      all = new ForwardBackward[count];
    }
    try {
      for (int n = 0; n < count; n++) {
        all[n] = utterances.take();
        all[n].begin(call, n, budget);
      }
      ranges = RANGES * workers.threads();
      compute(workers, Step.FRAMES, ranges * count);
      compute(workers, Step.FIRST_HALF, 2 * count);
      Scratch scratch = scratches.take();
      for (int n = 0; n < count; n++) {
        all[n].seek(scratch);
        all[n].meet(scratch);
      }
      giveBack(scratch);
      compute(workers, Step.SECOND_HALF, 2 * count);
      scratch = scratches.take();
      for (int n = 0; n < count; n++) {
        all[n].seek(scratch);
        all[n].end(scratch);
      }
      giveBack(scratch);
    } finally {
      for (int n = 0; n < count; n++) {
        if (all[n] != null) {
          giveBack(all[n]);
          all[n] = null;
        }
      }
    }
  }

  private void compute(Workers workers, Step next, int parts) {
    step = next;
    workers.compute(parts, this);
  }

  @Override
  protected void computePart(int part) {
    Scratch scratch = scratches.take();
    switch (step) {
      case ALL -> computeGroup(part, scratch);
      case FRAMES -> {
        ForwardBackward u = seek(part / ranges, scratch);
        long frames = u.totalFrames();
        int range = part % ranges;
        u.frames((int) (frames * range / ranges), (int) (frames * (range + 1) / ranges), scratch);
      }
      case FIRST_HALF -> seek(part / 2, scratch).firstHalf(part % 2 == 0, scratch);
      case SECOND_HALF -> seek(part / 2, scratch).secondHalf(part % 2 == 0, scratch);
    }
    giveBack(scratch);
  }

  private void computeGroup(int group, Scratch scratch) {
    ForwardBackward u = utterances.take();
    int end = Math.min((group + 1) * groupSize, call.batch().utterances());
    for (int n = group * groupSize; n < end; n++) {
      u.begin(call, n, budget);
      u.compute(scratch);
    }
    giveBack(u);
  }

  private ForwardBackward seek(int n, Scratch scratch) {
    all[n].seek(scratch);
    return all[n];
  }

  /** For the next call, which may be long in coming. */
  private void giveBack(ForwardBackward u) {
    u.release();
    utterances.give(u);
  }

  private void giveBack(Scratch scratch) {
    scratch.release();
    scratches.give(scratch);
  }
}
