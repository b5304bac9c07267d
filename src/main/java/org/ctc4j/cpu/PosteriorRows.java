package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
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
  private double[] row = {};
  private float[] floats = {}; // the same for places of float32 or less
  private double[] sums = {}; // by column
  private int[] placeOf = {}; // placeOf[i] of label i in a row, and of the blank before it
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
      placeOf = KeptArrays.atLeast(placeOf, stripes.labels() + 1L);
      for (int i = 0; i <= stripes.labels(); i++) {
        placeOf[i] = stripes.place(i); // not for each frame: it divides
      }
      int classes = ofClasses == null ? 0 : ofClasses.classes();
      int states = ofStates == null ? 0 : ofStates.classes();
      row = KeptArrays.atLeast(row, Math.max(classes, states));
      floats = KeptArrays.atLeast(floats, Math.max(classes, states));
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
    int ofLabel = at + stripes.width();
    double ofBlanks = sum(products, at, labels + 1);
    double norm = 1 / (ofBlanks + sum(products, ofLabel, labels));
    if (ofStates != null) {
      Arrays.fill(row, 0, ofStates.classes(), 0);
      copyStates(products, at, norm, 0, labels + 1);
      copyStates(products, ofLabel, norm, 1, labels);
      store(ofStates, t);
    }
    if (ofClasses != null) {
      Arrays.fill(sums, 0, target.distinct, 0);
      for (int i = 0; i < labels; i++) {
        sums[target.column[i]] += products[ofLabel + placeOf[i]];
      }
      Arrays.fill(row, 0, ofClasses.classes(), 0);
      for (int k = 0; k < target.distinct; k++) {
        row[target.classOf[k]] = norm * sums[k];
      }
      row[blank] = norm * ofBlanks;
      store(ofClasses, t);
    }
  }

  private double sum(double[] products, int at, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += products[at + placeOf[i]];
    }
    return sum;
  }

  /**
   * @param parity 0 for the blanks, 1 for the labels
   */
  private void copyStates(double[] products, int at, double norm, int parity, int count) {
    for (int i = 0; i < count; i++) {
      row[2 * i + parity] = norm * products[at + placeOf[i]];
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
    Elements elements = place.elements();
    long at = place.index(t, n, 0);
    int width = place.classes();
    if (elements.type() == ElementType.FLOAT64) {
      for (int c = 0; c < width; c++) {
        elements.set(at + c * place.classStride(), row[c]);
      }
      return;
    }
    for (int c = 0; c < width; c++) {
      floats[c] = (float) row[c];
    }
    elements.write(at, place.classStride(), floats, 0, width);
  }
}
