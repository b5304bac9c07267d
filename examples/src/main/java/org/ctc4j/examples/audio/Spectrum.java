package org.ctc4j.examples.audio;

/**
 * The power spectrum of a window of samples, after Hann, by the fast Fourier transform of Cooley
 * and Tukey (radix 2); pairs of samples are taken for complex numbers, which halves the work. For
 * use by one thread at a time.
 */
final class Spectrum {
  private final int half; // complex numbers
  private final double[] window;
  private final double[] cosines; // [half + k]: of 2πk / (2 · half), for each power of two
  private final double[] sines;
  private final double[] real;
  private final double[] imaginary;

  /**
   * @param size of the transform, a power of two, at least 4
   * @param length of the window, at most {@code size}; zeros follow it
   */
  Spectrum(int size, int length) {
    if (size < 4 || Integer.bitCount(size) != 1 || length < 1 || length > size) {
      throw new IllegalArgumentException(
          "expected a power of two and a window within it, got %d and %d".formatted(size, length));
    }
    half = size / 2;
    window = new double[length];
    for (int i = 0; i < length; i++) {
      window[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * (i + 0.5) / length);
    }
    cosines = new double[size];
    sines = new double[size];
    for (int stage = 1; stage < size; stage *= 2) {
      for (int k = 0; k < stage; k++) {
        cosines[stage + k] = Math.cos(Math.PI * k / stage);
        sines[stage + k] = Math.sin(Math.PI * k / stage);
      }
    }
    real = new double[half];
    imaginary = new double[half];
  }

  /** size / 2 + 1: frequencies 0 … half the sampling rate. */
  int bins() {
    return half + 1;
  }

  /**
   * |Σ x(i) w(i) e^(−2πik/size)|² for each k.
   *
   * @param center of the window; samples beyond either end are 0
   * @param power gets {@link #bins()} numbers
   */
  void power(float[] samples, int center, double[] power) {
    int start = center - window.length / 2;
    int shift = Integer.numberOfLeadingZeros(half) + 1;
    for (int i = 0; i < half; i++) {
      int place = Integer.reverse(i) >>> shift;
      real[place] = weighted(samples, start, 2 * i);
      imaginary[place] = weighted(samples, start, 2 * i + 1);
    }
    transform();
    for (int k = 0; k <= half; k++) {
      int a = k % half;
      int b = (half - k) % half;
      double evenRe = (real[a] + real[b]) / 2;
      double evenIm = (imaginary[a] - imaginary[b]) / 2;
      double oddRe = (imaginary[a] + imaginary[b]) / 2;
      double oddIm = (real[b] - real[a]) / 2;
      double c = k == half ? -1 : cosines[half + k];
      double s = k == half ? 0 : sines[half + k];
      double re = evenRe + oddRe * c + oddIm * s;
      double im = evenIm + oddIm * c - oddRe * s;
      power[k] = re * re + im * im;
    }
  }

  private double weighted(float[] samples, int start, int i) {
    int at = start + i;
    return i < window.length && at >= 0 && at < samples.length ? samples[at] * window[i] : 0;
  }

  /** In place, of numbers in bit-reversed order. */
  private void transform() {
    for (int stage = 1; stage < half; stage *= 2) {
      for (int block = 0; block < half; block += 2 * stage) {
        for (int k = 0; k < stage; k++) {
          int even = block + k;
          int odd = even + stage;
          double c = cosines[stage + k];
          double s = sines[stage + k];
          double re = real[odd] * c + imaginary[odd] * s;
          double im = imaginary[odd] * c - real[odd] * s;
          real[odd] = real[even] - re;
          imaginary[odd] = imaginary[even] - im;
          real[even] += re;
          imaginary[even] += im;
        }
      }
    }
  }
}
