package org.ctc4j.examples.audio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpectrumTest {
  private static final long SEED = 20261126;

  /** By definition. */
  private static double power(float[] samples, int start, int length, int size, int k) {
    double re = 0;
    double im = 0;
    for (int i = 0; i < length; i++) {
      int at = start + i;
      double x = at >= 0 && at < samples.length ? samples[at] : 0;
      double windowed = x * Math.pow(Math.sin(Math.PI * (i + 0.5) / length), 2);
      re += windowed * Math.cos(2 * Math.PI * i * k / size);
      im -= windowed * Math.sin(2 * Math.PI * i * k / size);
    }
    return re * re + im * im;
  }

  @ParameterizedTest(name = "size {0}, window {1}, around sample {2}")
  @CsvSource({"4,4,10", "8,5,0", "16,16,99", "256,200,50", "256,200,3", "2048,2048,60"})
  @DisplayName("The power of each bin is that of a direct Fourier transform")
  void direct(int size, int length, int center) {
    Random random = new Random(SEED);
    float[] samples = new float[100];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = random.nextFloat() * 2 - 1;
    }
    Spectrum spectrum = new Spectrum(size, length);
    double[] power = new double[spectrum.bins()];
    spectrum.power(samples, center, power);
    assertEquals(size / 2 + 1, spectrum.bins());
    for (int k = 0; k < power.length; k++) {
      double expected = power(samples, center - length / 2, length, size, k);
      assertEquals(expected, power[k], 1e-10 * (1 + expected), "bin " + k + ", seed " + SEED);
    }
  }

  @Test
  @DisplayName("Other sizes are refused")
  void refused() {
    assertThrows(IllegalArgumentException.class, () -> new Spectrum(12, 8));
    assertThrows(IllegalArgumentException.class, () -> new Spectrum(8, 9));
  }
}
