package org.ctc4j.examples.music;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.sound.midi.InvalidMidiDataException;
import javax.sound.midi.MetaMessage;
import javax.sound.midi.MidiEvent;
import javax.sound.midi.MidiSystem;
import javax.sound.midi.Sequence;
import javax.sound.midi.ShortMessage;
import javax.sound.midi.Track;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MelodyTest {
  private static final int BEAT = 480; // ticks

  @TempDir private Path directory;

  private static void note(Track track, int channel, int pitch, int start, int end)
      throws InvalidMidiDataException {
    track.add(new MidiEvent(new ShortMessage(ShortMessage.NOTE_ON, channel, pitch, 80), start));
    track.add(new MidiEvent(new ShortMessage(ShortMessage.NOTE_ON, channel, pitch, 0), end));
  }

  /** A scale of quarters whose notes overlap a little, its drums, and chords. */
  private static Sequence piece() throws InvalidMidiDataException {
    Sequence sequence = new Sequence(Sequence.PPQ, BEAT);
    Track tempo = sequence.createTrack();
    tempo.add(new MidiEvent(new MetaMessage(0x51, new byte[] {0x0f, 0x42, 0x40}, 3), 10 * BEAT));
    Track scale = sequence.createTrack();
    Track chords = sequence.createTrack();
    for (int i = 0; i < 30; i++) {
      note(scale, 0, 50 + i % 12, i * BEAT, (i + 1) * BEAT + 10);
      note(scale, 9, 38, i * BEAT, i * BEAT + 10);
      note(chords, 1, 60, i * BEAT, (i + 1) * BEAT);
      note(chords, 1, 64, i * BEAT, (i + 1) * BEAT);
    }
    return sequence;
  }

  @Test
  @DisplayName("Voices of one note at a time are melodies; drums and chords are none")
  void voices() throws IOException, InvalidMidiDataException {
    Path file = directory.resolve("piece.mid.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      MidiSystem.write(piece(), 1, out);
    }
    List<Melody> melodies = Melody.read(file);
    assertEquals(1, melodies.size());
    Melody melody = melodies.get(0);
    assertEquals("piece.mid.gz", melody.name());
    assertEquals(0, melody.channel());
    assertEquals(30, melody.notes().size());
    assertEquals(50, melody.lowest());
    assertEquals(61, melody.highest());
    // half a second a beat unless the file says otherwise, here a second from beat 10 on
    assertEquals(new Note(53, 1.5, 2), melody.notes().get(3));
    assertEquals(new Note(51, 8, 9), melody.notes().get(13));
  }

  @Test
  @DisplayName("What is no MIDI file is refused")
  void refused() throws IOException {
    Path file = Files.writeString(directory.resolve("other.mid"), "no music");
    IOException e = assertThrows(IOException.class, () -> Melody.read(file));
    assertTrue(e.getMessage().endsWith("other.mid: expected a MIDI file"), e.getMessage());
  }

  /** Notes of half a second. */
  static Melody melody(String name, int... pitches) {
    List<Note> notes = new ArrayList<>();
    for (int i = 0; i < pitches.length; i++) {
      notes.add(new Note(pitches[i], i / 2.0, (i + 1) / 2.0));
    }
    return new Melody(name, 0, notes);
  }

  @Test
  @DisplayName("A held-out melody is not trained with, in no key")
  void split() {
    Melody heldOut = melody("held out", 60, 62, 64, 60);
    Melody moved = melody("moved", 65, 67, 69, 65);
    Melody other = melody("other", 60, 62, 64, 65);
    Melody tooWide = melody("too wide", 20, 100, 20, 100);
    assertEquals(
        List.of(other), Music.training(List.of(moved, other, heldOut, tooWide), List.of(heldOut)));
  }

  @Test
  @DisplayName("One piece in five is for validation, with all its voices")
  void validation() {
    List<Melody> melodies = new ArrayList<>();
    for (String name : List.of("e", "d", "c", "b", "a", "d", "f", "g", "h", "i", "j")) {
      melodies.add(melody(name, 60, 62));
    }
    assertEquals(
        List.of("d", "d", "i"), Music.validation(melodies).stream().map(Melody::name).toList());
  }
}
