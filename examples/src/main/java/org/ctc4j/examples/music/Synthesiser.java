package org.ctc4j.examples.music;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.sound.midi.Instrument;
import javax.sound.midi.InvalidMidiDataException;
import javax.sound.midi.MidiSystem;
import javax.sound.midi.MidiUnavailableException;
import javax.sound.midi.Patch;
import javax.sound.midi.Receiver;
import javax.sound.midi.ShortMessage;
import javax.sound.midi.Soundbank;
import javax.sound.midi.Synthesizer;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;

/**
 * Plays notes without a loudspeaker: the JDK's own synthesiser, Gervill, with the instruments of a
 * SoundFont. One tape on which all is played, one after the other. For use by one thread at a time.
 *
 * <p>Needs {@code --add-exports java.desktop/com.sun.media.sound=ALL-UNNAMED}.
 */
final class Synthesiser implements AutoCloseable {
  static final int RATE = 16000;

  /** Silence before the first note, and what is heard after the last, in seconds. */
  static final double LEAD = 0.2;

  private static final String GERVILL = "com.sun.media.sound"; // which the JDK does not export

  private static final double TAIL = 0.4;

  /** Until what was played before has faded away. */
  private static final double PAUSE = 1;

  private final Synthesizer synthesizer;
  private final AudioInputStream tape;
  private final Receiver receiver;
  private long position; // of the tape, in samples

  /**
   * @param soundFont with all instruments that are to be played
   * @param programs General MIDI's numbers of these, from 0
   */
  Synthesiser(Path soundFont, int... programs) throws IOException {
    try {
      Soundbank bank = MidiSystem.getSoundbank(soundFont.toFile());
      synthesizer = (Synthesizer) gervill("SoftSynthesizer").getConstructor().newInstance();
      tape =
          (AudioInputStream)
              gervill("AudioSynthesizer")
                  .getMethod("openStream", AudioFormat.class, Map.class)
                  .invoke(
                      synthesizer,
                      new AudioFormat(RATE, 16, 1, true, false),
                      Map.of("load default soundbank", false, "reverb", false, "chorus", false));
      for (int program : programs) {
        Instrument instrument = bank.getInstrument(new Patch(0, program));
        if (instrument == null || !synthesizer.loadInstrument(instrument)) {
          throw new IOException(soundFont + ": expected an instrument of number " + program);
        }
      }
      receiver = synthesizer.getReceiver();
    } catch (InvalidMidiDataException | MidiUnavailableException e) {
      throw new IOException(soundFont + ": expected a SoundFont that can be played", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "expected the JDK's synthesiser; it needs --add-exports java.desktop/%s=ALL-UNNAMED"
              .formatted(GERVILL),
          e);
    }
  }

  private static Class<?> gervill(String name) throws ClassNotFoundException {
    return Class.forName(GERVILL + "." + name);
  }

  /**
   * @param notes the first of which begins {@value #LEAD} s after the first sample
   * @param program General MIDI's number
   * @param velocity how hard, 1 to 127
   * @return samples, −1 to 1, {@value #RATE} a second
   */
  float[] play(List<Note> notes, int program, int velocity) throws IOException {
    double first = notes.get(0).start();
    double length = LEAD + notes.get(notes.size() - 1).end() - first + TAIL;
    send(ShortMessage.PROGRAM_CHANGE, program, 0, 0);
    for (Note note : notes) {
      send(ShortMessage.NOTE_ON, note.pitch(), velocity, LEAD + note.start() - first);
      send(ShortMessage.NOTE_OFF, note.pitch(), 0, LEAD + note.end() - first);
    }
    float[] samples = read((int) Math.round(length * RATE));
    read((int) (PAUSE * RATE));
    return samples;
  }

  private void send(int command, int data1, int data2, double seconds) {
    long microseconds = Math.round((position / (double) RATE + seconds) * 1e6);
    try {
      receiver.send(new ShortMessage(command, 0, data1, data2), microseconds);
    } catch (InvalidMidiDataException e) {
      throw new IllegalArgumentException("pitch %d, velocity %d".formatted(data1, data2), e);
    }
  }

  private float[] read(int count) throws IOException {
    byte[] bytes = tape.readNBytes(2 * count);
    if (bytes.length < 2 * count) {
      throw new EOFException("expected %d bytes, got %d".formatted(2 * count, bytes.length));
    }
    position += count;
    float[] samples = new float[count];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      samples[i] = buffer.getShort() / 32768f;
    }
    return samples;
  }

  @Override
  public void close() throws IOException {
    tape.close();
    synthesizer.close();
  }
}
