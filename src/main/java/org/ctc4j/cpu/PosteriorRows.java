package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.FrameTensor;
import org.ctc4j.engine.LossPlaces;

/**
 * Posteriors as an output, for those who ask: of states, and summed by class. They are divided by
 * their frame's sum, as in {@link LabelStage}.
 */
final class PosteriorRows {
  private FrameTensor ofClasses;
  private FrameTensor ofStates;
  private int n;
  private float[] row = {};
  private double[] sums = {}; // by column
  private Stripes stripes;
  private Target target;
  private int blank;

  /**
   * @param n which utterance
   * @param blank its class
   */
  void begin(LossPlaces places, int n, Stripes stripes, Target target, int blank) {
    ofClasses = places.posteriors();
    ofStates = places.statePosteriors();
    this.n = n;
    this.stripes = stripes;
    this.target = target;
    this.blank = blank;
    if (places.wantsPosteriors()) {
      sums = KeptArrays.atLeast(sums, stripes.labels());
      row = KeptArrays.atLeast(row, ofClasses == null ? 0 : ofClasses.classes());
      row = KeptArrays.atLeast(row, ofStates == null ? 0 : ofStates.classes());
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
   * @param products posteriors as they stand in a row, not divided yet
   * @param at where they begin
   */
  void store(int t, double[] products, int at) {
    int labels = stripes.labels();
    int width = stripes.width();
    double ofBlanks = 0;
    double ofLabels = 0;
    for (int i = 0; i <= labels; i++) {
      ofBlanks += products[at + stripes.place(i)];
    }
    for (int i = 0; i < labels; i++) {
      ofLabels += products[at + width + stripes.place(i)];
    }
    double norm = 1 / (ofBlanks + ofLabels);
    if (ofStates != null) {
      Arrays.fill(row, 0, ofStates.classes(), 0);
      for (int i = 0; i <= labels; i++) {
        row[2 * i] = (float) (norm * products[at + stripes.place(i)]);
      }
      for (int i = 0; i < labels; i++) {
        row[2 * i + 1] = (float) (norm * products[at + width + stripes.place(i)]);
      }
      store(ofStates, t);
    }
    if (ofClasses != null) {
      Arrays.fill(sums, 0, target.distinct, 0);
      for (int i = 0; i < labels; i++) {
        sums[target.column[i]] += products[at + width + stripes.place(i)];
      }
      Arrays.fill(row, 0, ofClasses.classes(), 0);
      for (int k = 0; k < target.distinct; k++) {
        row[target.classOf[k]] = (float) (norm * sums[k]);
      }
      row[blank] = (float) (norm * ofBlanks);
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
