package org.ctc4j.examples.music;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import javax.sound.midi.InvalidMidiDataException;
import javax.sound.midi.MidiEvent;
import javax.sound.midi.MidiSystem;
import javax.sound.midi.Sequence;
import javax.sound.midi.ShortMessage;
import javax.sound.midi.Track;

/**
 * One voice of a piece, a note at a time.
 *
 * @param name of the file
 * @param channel of MIDI, from 0
 * @param notes in order, none before the one before it has ended
 */
record Melody(String name, int channel, List<Note> notes) {
  /** Voices with fewer notes are not taken. */
  private static final int FEWEST = 24;

  /** Notes that begin closer to each other are a chord. */
  private static final double CHORD = 0.04;

  private static final int DRUMS = 9;

  Melody {
    notes = List.copyOf(notes);
  }

  /**
   * The voices of a MIDI file that are melodies: those of one channel in one track whose notes
   * follow each other.
   *
   * @param file as it is, or with gzip and a name that ends in .gz
   */
  static List<Melody> read(Path file) throws IOException {
    List<Melody> melodies = new ArrayList<>();
    Sequence sequence = sequence(file);
    Clock clock = new Clock(sequence);
    String name = file.getFileName().toString();
    for (Track track : sequence.getTracks()) {
      voices(track, clock)
          .forEach(
              (channel, notes) -> {
                if (notes.size() >= FEWEST && !hasChords(notes)) {
                  melodies.add(new Melody(name, channel, withoutOverlaps(notes)));
                }
              });
    }
    return melodies;
  }

  private static Sequence sequence(Path file) throws IOException {
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file));
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      return MidiSystem.getSequence(in);
    } catch (InvalidMidiDataException e) {
      throw new IOException(file + ": expected a MIDI file", e);
    }
  }

  /** The notes of each channel but the drums', by their start. */
  private static Map<Integer, List<Note>> voices(Track track, Clock clock) {
    Map<Integer, List<Note>> voices = new TreeMap<>();
    Map<Integer, Double> starts = new HashMap<>(); // by channel · 128 + pitch
    for (int i = 0; i < track.size(); i++) {
      MidiEvent event = track.get(i);
      if (event.getMessage() instanceof ShortMessage message
          && message.getChannel() != DRUMS
          && (message.getCommand() == ShortMessage.NOTE_ON
              || message.getCommand() == ShortMessage.NOTE_OFF)) {
        int pitch = message.getData1();
        int key = message.getChannel() * 128 + pitch;
        double time = clock.seconds(event.getTick());
        Double start = starts.remove(key);
        if (start != null) {
          voices
              .computeIfAbsent(message.getChannel(), c -> new ArrayList<>())
              .add(new Note(pitch, start, time));
        }
        if (message.getCommand() == ShortMessage.NOTE_ON && message.getData2() > 0) {
          starts.put(key, time);
        }
      }
    }
    voices.values().forEach(notes -> notes.sort(Comparator.comparingDouble(Note::start)));
    return voices;
  }

  private static boolean hasChords(List<Note> notes) {
    for (int i = 1; i < notes.size(); i++) {
      if (notes.get(i).start() - notes.get(i - 1).start() < CHORD) {
        return true;
      }
    }
    return false;
  }

  private static List<Note> withoutOverlaps(List<Note> notes) {
    List<Note> clipped = new ArrayList<>();
    for (int i = 0; i < notes.size(); i++) {
      Note note = notes.get(i);
      double next = i + 1 < notes.size() ? notes.get(i + 1).start() : Double.POSITIVE_INFINITY;
      clipped.add(new Note(note.pitch(), note.start(), Math.min(note.end(), next)));
    }
    return clipped;
  }

  int lowest() {
    return notes.stream().mapToInt(Note::pitch).min().orElseThrow();
  }

  int highest() {
    return notes.stream().mapToInt(Note::pitch).max().orElseThrow();
  }

  /** Steps from each note to the next, in semitones: the same in every key. */
  List<Integer> intervals() {
    List<Integer> intervals = new ArrayList<>();
    for (int i = 1; i < notes.size(); i++) {
      intervals.add(notes.get(i).pitch() - notes.get(i - 1).pitch());
    }
    return intervals;
  }
}
