package org.ctc4j.examples.audio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/** Samples of a file, and faster or slower. */
public final class Recording {
  private Recording() {}

  /**
   * @param rate that the file has to have
   * @return samples, −1 to 1
   */
  public static float[] read(Path file, float rate) throws IOException {
    try (AudioInputStream in = AudioSystem.getAudioInputStream(file.toFile())) {
      AudioFormat expected = new AudioFormat(rate, 16, 1, true, false);
      if (!in.getFormat().matches(expected)) {
        throw new IOException("%s: expected %s, got %s".formatted(file, expected, in.getFormat()));
      }
      ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      float[] samples = new float[bytes.remaining() / 2];
      for (int i = 0; i < samples.length; i++) {
        samples[i] = bytes.getShort() / 32768f;
      }
      return samples;
    } catch (UnsupportedAudioFileException e) {
      throw new IOException(file + ": expected a WAV file", e);
    }
  }

  /**
   * As a tape that runs faster or slower: pitch and all, between samples linearly.
   *
   * @param speed above 1 for shorter and higher
   */
  public static float[] atSpeed(float[] samples, double speed) {
    float[] changed = new float[(int) Math.ceil(samples.length / speed)];
    for (int i = 0; i < changed.length; i++) {
      double at = i * speed;
      int before = Math.min((int) at, samples.length - 1);
      int after = Math.min(before + 1, samples.length - 1);
      double share = at - before;
      changed[i] = (float) (samples[before] * (1 - share) + samples[after] * share);
    }
    return changed;
  }
}
