package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Posteriors;

/**
 * Posteriors as an output, for those who ask: of states, and summed by class. They are divided by
 * their frame's sum, as in {@link LabelStage}.
 */
final class PosteriorRows {
  private FrameTensor ofClasses;
  private FrameTensor ofStates;
  private int n;
  private float[] row = {};
  private double[] sums = {}; // by slot
  private Stripes stripes;

  void begin(Posteriors posteriors, int utterance, Stripes ofUtterance) {
    ofClasses = posteriors.ofClasses();
    ofStates = posteriors.ofStates();
    n = utterance;
    stripes = ofUtterance;
    if (posteriors.wanted()) {
      sums = Grow.atLeast(sums, stripes.labels());
      row = Grow.atLeast(row, ofClasses == null ? 0 : ofClasses.classes());
      row = Grow.atLeast(row, ofStates == null ? 0 : ofStates.classes());
    }
  }

  /** Lets go of the places. */
  void release() {
    ofClasses = null;
    ofStates = null;
  }

  /**
   * Stores frame t.
   *
   * @param gamma posteriors as they stand in a row, not divided yet
   * @param at where they begin
   */
  void store(Utterance u, int t, double[] gamma, int at) {
    int labels = stripes.labels();
    int width = stripes.width();
    double ofBlanks = 0;
    double ofLabels = 0;
    for (int i = 0; i <= labels; i++) {
      ofBlanks += gamma[at + stripes.place(i)];
    }
    for (int i = 0; i < labels; i++) {
      ofLabels += gamma[at + width + stripes.place(i)];
    }
    double norm = 1 / (ofBlanks + ofLabels);
    if (ofStates != null) {
      Arrays.fill(row, 0, ofStates.classes(), 0);
      for (int i = 0; i <= labels; i++) {
        row[2 * i] = (float) (norm * gamma[at + stripes.place(i)]);
      }
      for (int i = 0; i < labels; i++) {
        row[2 * i + 1] = (float) (norm * gamma[at + width + stripes.place(i)]);
      }
      store(ofStates, t);
    }
    if (ofClasses != null) {
      Target target = u.target;
      Arrays.fill(sums, 0, target.distinct, 0);
      for (int i = 0; i < labels; i++) {
        sums[target.slot[i]] += gamma[at + width + stripes.place(i)];
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
