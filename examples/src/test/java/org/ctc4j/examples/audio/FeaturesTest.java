package org.ctc4j.examples.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FeaturesTest {
  private static float[] tone(double frequency, int rate, int samples) {
    float[] tone = new float[samples];
    for (int i = 0; i < samples; i++) {
      tone[i] = (float) (0.5 * Math.sin(2 * Math.PI * frequency * i / rate));
    }
    return tone;
  }

  private static int loudest(Features features, int t) {
    int loudest = 0;
    for (int f = 0; f < features.filters(); f++) {
      if (features.at(t, f) > features.at(t, loudest)) {
        loudest = f;
      }
    }
    return loudest;
  }

  @Test
  @DisplayName("A filter is a mean: of equal power everywhere it lets through just this")
  void mean() {
    double[] power = new double[1025];
    Arrays.fill(power, 3);
    for (FilterBank bank :
        new FilterBank[] {
          FilterBank.mel(40, 60, 3900, 2048, 8000), FilterBank.semitones(144, 45, 2, 2048, 16000)
        }) {
      for (int f = 0; f < bank.filters(); f++) {
        assertEquals(3, bank.apply(f, power), 1e-12);
      }
    }
  }

  @Test
  @DisplayName("Music: the loudest filter of a tone is that of its pitch, from A2 for six octaves")
  void pitches() {
    for (int pitch = 45; pitch < 117; pitch++) {
      double frequency = 440 * Math.pow(2, (pitch - 69) / 12.0);
      Features features = FeatureReader.music().read(tone(frequency, 16000, 16000));
      assertEquals(2 * (pitch - 45), loudest(features, 25), "pitch " + pitch);
    }
  }

  @Test
  @DisplayName("Speech: the loudest filter rises with the frequency, as mel does")
  void mel() {
    double step = (Math.log1p(3900 / 700.0) - Math.log1p(60 / 700.0)) / 41;
    for (int f = 8; f < 40; f++) {
      double frequency = 700 * Math.expm1(Math.log1p(60 / 700.0) + (f + 1) * step);
      Features features = FeatureReader.speech().read(tone(frequency, 8000, 8000));
      assertEquals(f, loudest(features, 50), 1, frequency + " Hz");
    }
  }

  @Test
  @DisplayName("Silence is 0, and a frame begins with every shift")
  void silence() {
    Features features = FeatureReader.speech().read(new float[801]);
    assertEquals(11, features.frames());
    for (int t = 0; t < 11; t++) {
      for (int f = 0; f < features.filters(); f++) {
        assertEquals(0, features.at(t, f));
      }
    }
  }

  @Test
  @DisplayName("A click is loudest in the frame around it")
  void time() {
    float[] click = new float[8000];
    click[4000] = 1;
    Features features = FeatureReader.speech().read(click);
    for (int t = 0; t < features.frames(); t++) {
      assertTrue(features.at(50, 20) >= features.at(t, 20), "frame " + t);
    }
    assertTrue(features.at(50, 20) > 0);
  }

  @Test
  @DisplayName("Rises are what a value is above the one before it, from silence on")
  void rises() {
    Features features = Features.of(new float[] {1, 5, 3, 5, 4, 1, 2, 8}, 2);
    assertArrayEquals(new float[] {1, 5, 3, 5, 3, 0, 0, 3}, features.rises(2).copy());
  }
}
