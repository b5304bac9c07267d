package org.ctc4j.examples.music;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctc4j.examples.audio.Utterance;

/**
 * To train with: some notes of a melody, in any key, faster or slower, on one of the instruments.
 */
final class Phrases {
  private static final int FEWEST = 6;
  private static final int MOST = 14;
  private static final double SLOWEST = 0.7;
  private static final double FASTEST = 1.5;

  /** No note is closer to the next one. */
  private static final double SHORTEST = 0.07;

  /** Of a rest, in seconds. */
  private static final double LONGEST_REST = 0.6;

  private static final double LONGEST_NOTE = 1.5;
  private static final int SOFTEST = 50;
  private static final int LOUDEST = 120;

  private final List<Melody> melodies;
  private final Synthesiser synthesiser;
  private final int[] programs;
  private final Random random;

  Phrases(List<Melody> melodies, Synthesiser synthesiser, int[] programs, long seed) {
    this.melodies = List.copyOf(melodies);
    this.synthesiser = synthesiser;
    this.programs = programs.clone();
    this.random = new Random(seed);
  }

  List<Utterance> next(int count) throws IOException {
    List<Utterance> phrases = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Melody melody = melodies.get(random.nextInt(melodies.size()));
      List<Note> notes = varied(cut(melody.notes()));
      int program = programs[random.nextInt(programs.length)];
      int velocity = SOFTEST + random.nextInt(LOUDEST - SOFTEST + 1);
      phrases.add(Performance.of(melody.name(), notes, synthesiser, program, velocity).utterance());
    }
    return phrases;
  }

  /** Some notes that follow each other, long notes and rests shortened. */
  private List<Note> cut(List<Note> notes) {
    int count = FEWEST + random.nextInt(MOST - FEWEST + 1);
    int first = random.nextInt(notes.size() - count + 1);
    List<Note> phrase = new ArrayList<>();
    double start = 0;
    for (int i = first; i < first + count; i++) {
      Note note = notes.get(i);
      double length = Math.min(note.end() - note.start(), LONGEST_NOTE);
      phrase.add(new Note(note.pitch(), start, start + length));
      if (i + 1 < notes.size()) {
        start += length + Math.min(notes.get(i + 1).start() - note.end(), LONGEST_REST);
      }
    }
    return phrase;
  }

  private List<Note> varied(List<Note> notes) {
    int lowest = notes.stream().mapToInt(Note::pitch).min().orElseThrow();
    int highest = notes.stream().mapToInt(Note::pitch).max().orElseThrow();
    int room = Performance.HIGHEST - Performance.LOWEST - (highest - lowest);
    int semitones = Performance.LOWEST - lowest + random.nextInt(room + 1);
    double tempo = SLOWEST + random.nextDouble() * (FASTEST - SLOWEST);
    for (int i = 1; i < notes.size(); i++) {
      tempo = Math.min(tempo, (notes.get(i).start() - notes.get(i - 1).start()) / SHORTEST);
    }
    return Performance.varied(notes, semitones, tempo);
  }
}
