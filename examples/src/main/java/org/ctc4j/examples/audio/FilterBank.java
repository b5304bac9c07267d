package org.ctc4j.examples.audio;

/**
 * Triangular filters over a power spectrum, each from its lower neighbour's centre to its upper
 * one's, and at least a bin to each side. Immutable.
 */
public final class FilterBank {
  private final int[] first;
  private final double[][] weights; // [filter][bin − first], sum 1

  /**
   * @param centers of the filters in bins, fractions allowed, with one more at either end
   */
  private FilterBank(double[] centers, int bins) {
    int filters = centers.length - 2;
    first = new int[filters];
    weights = new double[filters][];
    for (int f = 0; f < filters; f++) {
      double center = centers[f + 1];
      double low = Math.min(centers[f], center - 1);
      double high = Math.max(centers[f + 2], center + 1);
      if (low < -1 || high > bins) {
        throw new IllegalArgumentException(
            "filter %d: expected bins in [0, %d), got %.1f to %.1f".formatted(f, bins, low, high));
      }
      first[f] = (int) Math.floor(low) + 1;
      weights[f] = new double[(int) Math.ceil(high) - first[f]];
      double sum = 0;
      for (int i = 0; i < weights[f].length; i++) {
        double bin = first[f] + i;
        weights[f][i] =
            bin <= center ? (bin - low) / (center - low) : (high - bin) / (high - center);
        sum += weights[f][i];
      }
      for (int i = 0; i < weights[f].length; i++) {
        weights[f][i] /= sum;
      }
    }
  }

  /**
   * Filters whose centres are equally far apart in mel, 1127 ln(1 + f / 700), as speech has them.
   *
   * @param low end of the first filter, in Hz
   * @param high end of the last one, at most half of {@code rate}
   * @param size of the transform
   * @param rate samples a second
   */
  static FilterBank mel(int filters, double low, double high, int size, double rate) {
    double[] centers = new double[filters + 2];
    double from = Math.log1p(low / 700);
    double step = (Math.log1p(high / 700) - from) / (filters + 1);
    for (int i = 0; i < centers.length; i++) {
      centers[i] = 700 * Math.expm1(from + i * step) * size / rate;
    }
    return new FilterBank(centers, size / 2 + 1);
  }

  /**
   * Filters whose centres are a fraction of a semitone apart, as music has them.
   *
   * @param lowest MIDI's number of the first centre; 69 is 440 Hz
   * @param each filters a semitone
   * @param size of the transform
   * @param rate samples a second
   */
  static FilterBank semitones(int filters, int lowest, int each, int size, double rate) {
    double[] centers = new double[filters + 2];
    for (int i = 0; i < centers.length; i++) {
      double pitch = lowest + (i - 1.0) / each;
      centers[i] = 440 * Math.pow(2, (pitch - 69) / 12) * size / rate;
    }
    return new FilterBank(centers, size / 2 + 1);
  }

  int filters() {
    return first.length;
  }

  /** The mean power that filter f lets through. */
  double apply(int f, double[] power) {
    double sum = 0;
    for (int i = 0; i < weights[f].length; i++) {
      sum += weights[f][i] * power[first[f] + i];
    }
    return sum;
  }
}
