package org.ctc4j.examples.audio;

/** Makes features of samples. For use by one thread at a time. */
public final class FeatureReader {
  /** Of the greatest power that a window can have; under it all is silence. */
  private static final double SPEECH_FLOOR = 1e-9;

  private static final double MUSIC_FLOOR = 1e-7;

  private final Spectrum spectrum;
  private final FilterBank bank;
  private final int shift;
  private final double floor;
  private final double[] power;

  private FeatureReader(Spectrum spectrum, FilterBank bank, int shift, double floor) {
    this.spectrum = spectrum;
    this.bank = bank;
    this.shift = shift;
    this.floor = floor;
    this.power = new double[spectrum.bins()];
  }

  /** For speech of 8,000 samples a second: 40 filters, windows of 25 ms, a frame every 10 ms. */
  public static FeatureReader speech() {
    int size = 256;
    FilterBank bank = FilterBank.mel(40, 60, 3900, size, 8000);
    return new FeatureReader(new Spectrum(size, 200), bank, 80, SPEECH_FLOOR * 200 * 200);
  }

  /**
   * For music of 16,000 samples a second: two filters a semitone from A2 (110 Hz) for six octaves,
   * windows of 80 ms, a frame every 20 ms.
   */
  public static FeatureReader music() {
    int size = 2048;
    int length = 1280;
    FilterBank bank = FilterBank.semitones(144, 45, 2, size, 16000);
    return new FeatureReader(new Spectrum(size, length), bank, 320, MUSIC_FLOOR * length * length);
  }

  public int filters() {
    return bank.filters();
  }

  /**
   * One frame for each shift that has begun: frame t is around sample t · shift.
   *
   * @param samples −1 to 1
   */
  public Features read(float[] samples) {
    int frames = (samples.length + shift - 1) / shift;
    float[] values = new float[frames * bank.filters()];
    for (int t = 0; t < frames; t++) {
      spectrum.power(samples, t * shift, power);
      for (int f = 0; f < bank.filters(); f++) {
        values[t * bank.filters() + f] = (float) Math.log1p(bank.apply(f, power) / floor);
      }
    }
    return Features.of(values, bank.filters());
  }
}
