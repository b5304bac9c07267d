package org.ctc4j.examples.audio;

/**
 * What a model hears: ln(1 + power / floor) of filters, frame by frame, or what became of that.
 * Silence is 0. Immutable.
 */
public final class Features {
  private final float[] values; // [t * filters + f]
  private final int filters;

  private Features(float[] values, int filters) {
    this.values = values;
    this.filters = filters;
  }

  /**
   * @param values [t * filters + f]; not copied
   */
  static Features of(float[] values, int filters) {
    return new Features(values, filters);
  }

  public int frames() {
    return values.length / filters;
  }

  public int filters() {
    return filters;
  }

  public float at(int t, int f) {
    return values[t * filters + f];
  }

  /**
   * By how much each value is above the one some frames before, 0 if it is not. Before the first
   * frame was silence.
   */
  public Features rises(int frames) {
    float[] rises = new float[values.length];
    for (int i = 0; i < rises.length; i++) {
      int before = i - frames * filters;
      rises[i] = Math.max(0, values[i] - (before < 0 ? 0 : values[before]));
    }
    return new Features(rises, filters);
  }

  /** [t * filters + f]. */
  float[] copy() {
    return values.clone();
  }

  float mean() {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return (float) (sum / values.length);
  }
}
