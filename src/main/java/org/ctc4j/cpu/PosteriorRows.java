package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Posteriors;

/**
 * Posteriors as an output, for those who ask: of states, and summed by class. They are divided by
 * their frame's sum, as in {@link LabelStage}.
 */
final class PosteriorRows {
  /** Posteriors of the blanks of the frame at work, blank i at i, not divided yet. */
  float[] blanks = {};

  private FrameTensor ofClasses;
  private FrameTensor ofStates;
  private int n;
  private float[] row = {};
  private double[] sums = {}; // by distinct class

  /**
   * @param rowLength how long an array must be to hold a row of blanks
   */
  void begin(Posteriors posteriors, int utterance, int rowLength) {
    ofClasses = posteriors.ofClasses();
    ofStates = posteriors.ofStates();
    n = utterance;
    if (posteriors.wanted()) {
      blanks = Grow.atLeast(blanks, rowLength);
      sums = Grow.atLeast(sums, rowLength);
      row = Grow.atLeast(row, ofClasses == null ? 0 : ofClasses.classes());
      row = Grow.atLeast(row, ofStates == null ? 0 : ofStates.classes());
    }
  }

  /**
   * Fills {@link #blanks} for frame t as {@link Kernels#posterior} does for the labels: that leaves
   * only the sum over the blanks, which is all that a gradient needs.
   */
  void blanks(Sweep mine, int here, Sweep other, int there, Plan plan, int t, int exponent) {
    for (int i = plan.low(t); i < plan.high(t); i++) {
      int e = mine.e[here + i] + other.e[there + i] - exponent;
      blanks[i] = mine.m[here + i] * other.m[there + i] * Extended.power(e);
    }
  }

  /**
   * Stores frame t.
   *
   * @param gamma posteriors of the labels, label i at i, not divided yet
   */
  void store(Utterance u, int t, float[] gamma) {
    int low = u.plan().low(t);
    int high = u.plan().high(t);
    int labels = u.target.length;
    double ofBlanks = 0;
    double ofLabels = 0;
    for (int i = low; i < Math.min(high, labels + 1); i++) {
      ofBlanks += blanks[i];
    }
    for (int i = low; i < Math.min(high, labels); i++) {
      ofLabels += gamma[i];
    }
    double norm = 1 / (ofBlanks + ofLabels);
    if (ofStates != null) {
      Arrays.fill(row, 0, ofStates.classes(), 0);
      for (int i = low; i < Math.min(high, labels + 1); i++) {
        row[2 * i] = (float) (norm * blanks[i]);
      }
      for (int i = low; i < Math.min(high, labels); i++) {
        row[2 * i + 1] = (float) (norm * gamma[i]);
      }
      store(ofStates, t);
    }
    if (ofClasses != null) {
      Target target = u.target;
      Arrays.fill(sums, 0, target.distinct, 0);
      for (int i = low; i < Math.min(high, labels); i++) {
        sums[target.slot[i]] += gamma[i];
      }
      Arrays.fill(row, 0, ofClasses.classes(), 0);
      for (int k = 0; k < target.distinct; k++) {
        row[target.classOf[k]] = (float) (norm * sums[k]);
      }
      row[u.blank] = (float) (norm * ofBlanks);
      store(ofClasses, t);
    }
  }

  /** Stores zeros in all frames from {@code from} on. */
  void clear(int from) {
    clear(ofClasses, from);
    clear(ofStates, from);
  }

  private void clear(FrameTensor place, int from) {
    if (place != null) {
      Arrays.fill(row, 0, place.classes(), 0);
      for (int t = from; t < place.frames(n); t++) {
        store(place, t);
      }
    }
  }

  private void store(FrameTensor place, int t) {
    place.elements().write(place.index(t, n, 0), place.classStride(), row, 0, place.classes());
  }
}
