package org.ctc4j.examples.music;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcPath;
import org.ctc4j.examples.audio.Features;
import org.ctc4j.examples.audio.Utterance;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Played with the instruments that the JDK makes up where there are no others. */
class PerformanceTest {
  private static final int FLUTE = Instrument.FLUTE.program;

  @TempDir private static Path directory;
  private static Path soundFont;

  @BeforeAll
  static void soundFont() throws ReflectiveOperationException {
    soundFont = directory.resolve("emergency.sf2");
    Object bank =
        Class.forName("com.sun.media.sound.EmergencySoundbank")
            .getMethod("createSoundbank")
            .invoke(null);
    bank.getClass().getMethod("save", File.class).invoke(bank, soundFont.toFile());
  }

  private static float loudness(float[] samples, double start, double end) {
    float loudest = 0;
    for (int i = (int) (start * Synthesiser.RATE); i < end * Synthesiser.RATE; i++) {
      loudest = Math.max(loudest, Math.abs(samples[i]));
    }
    return loudest;
  }

  @Test
  @DisplayName("Notes sound when they are to, and the tape is silent before")
  void onsets() throws IOException {
    List<Note> notes = List.of(new Note(60, 5, 5.3), new Note(64, 6, 6.3));
    try (Synthesiser synthesiser = new Synthesiser(soundFont, FLUTE)) {
      for (int time = 0; time < 3; time++) {
        float[] samples = synthesiser.play(notes, FLUTE, 100);
        double first = Synthesiser.LEAD;
        assertEquals(0, loudness(samples, 0, first - 0.01), 1e-3, "time " + time);
        assertTrue(loudness(samples, first, first + 0.2) > 0.01, "time " + time);
        assertTrue(
            loudness(samples, first + 0.9, first + 0.99)
                < loudness(samples, first + 1, first + 1.2) / 4,
            "time " + time);
      }
    }
  }

  @Test
  @DisplayName("Labels are the pitches, onsets their times, and what is heard rises there")
  void performance() throws IOException {
    List<Note> notes = List.of(new Note(60, 1, 1.5), new Note(67, 1.5, 2));
    try (Synthesiser synthesiser = new Synthesiser(soundFont, FLUTE)) {
      Performance performance = Performance.of("two", notes, synthesiser, FLUTE, 90);
      assertArrayEquals(new int[] {13, 20}, performance.utterance().labels());
      assertArrayEquals(new double[] {0.2, 0.7}, performance.onsets(), 1e-12);
      Features features = performance.utterance().features();
      // filters of C4 and G4: two a semitone from A2 on
      // two frames after each onset the one has risen, and not the other
      assertTrue(features.at(12, 30) > features.at(12, 44));
      assertTrue(features.at(37, 44) > features.at(37, 30));
    }
  }

  @Test
  @DisplayName("Phrases are of the melodies given, in another key, and on the instruments given")
  void phrases() throws IOException {
    int[] pitches = {60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84};
    Melody melody = MelodyTest.melody("scale", pitches);
    try (Synthesiser synthesiser = new Synthesiser(soundFont, FLUTE)) {
      Phrases phrases = new Phrases(List.of(melody), synthesiser, new int[] {FLUTE}, 1);
      List<String> steps = steps(pitches);
      for (Utterance phrase : phrases.next(20)) {
        assertEquals("scale", phrase.name());
        assertTrue(
            String.join(" ", steps).contains(String.join(" ", steps(phrase.labels()))),
            Arrays.toString(phrase.labels()));
        assertTrue(
            Arrays.stream(phrase.labels()).allMatch(label -> label < Performance.CLASSES),
            Arrays.toString(phrase.labels()));
      }
    }
  }

  @Test
  @DisplayName("A note before the same note ends a little earlier, others as they are")
  void articulated() {
    List<Note> notes =
        List.of(
            new Note(60, 0, 1), new Note(60, 1, 1.09), new Note(60, 1.09, 2), new Note(62, 2, 3));
    assertEquals(
        List.of(
            new Note(60, 0, 0.94),
            new Note(60, 1, 1.09 - (1.09 - 1) / 3),
            new Note(60, 1.09, 2),
            new Note(62, 2, 3)),
        Performance.articulated(notes));
  }

  private static List<String> steps(int[] pitches) {
    return IntStream.range(1, pitches.length)
        .mapToObj(i -> "" + (pitches[i] - pitches[i - 1]))
        .toList();
  }

  @Test
  @DisplayName("Onset errors are the alignment's starts less the onsets, in milliseconds")
  void onsetErrors() {
    int classes = Performance.CLASSES;
    float[] logits = new float[10 * classes];
    for (int t = 0; t < 10; t++) {
      logits[t * classes + (t == 3 ? 7 : t == 8 ? 9 : 0)] = 20;
    }
    try (CtcAligner aligner = CtcAligner.create()) {
      CtcPath path = aligner.align(OnsetErrors.batch(logits, new int[] {7, 9})).get(0);
      double[] errors = OnsetErrors.of(path, new double[] {0.05, 0.2});
      assertArrayEquals(new double[] {10, -40}, errors, 1e-9);
    }
    List<Double> many = new ArrayList<>(List.of(-5.0, 1.0, 2.0, 3.0, 40.0));
    OnsetErrors errors = OnsetErrors.of(many.stream().mapToDouble(e -> e).toArray());
    assertEquals(2, errors.median());
    assertEquals(10.2, errors.mean(), 1e-12);
    assertEquals(3, errors.within(0.5));
    assertEquals(40, errors.within(0.95));
  }
}
