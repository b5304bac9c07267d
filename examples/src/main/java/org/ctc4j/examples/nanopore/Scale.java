package org.ctc4j.examples.nanopore;

/**
 * From picoamperes to what the model takes.
 *
 * @param mean of the signal that is trained with
 * @param deviation of it
 */
record Scale(double mean, double deviation) {
  static Scale of(float[] signal, int from, int to) {
    double sum = 0;
    double squares = 0;
    for (int i = from; i < to; i++) {
      sum += signal[i];
      squares += (double) signal[i] * signal[i];
    }
    double mean = sum / (to - from);
    return new Scale(mean, Math.sqrt(squares / (to - from) - mean * mean));
  }

  float of(float picoamperes) {
    return (float) ((picoamperes - mean) / deviation);
  }
}
