package org.ctc4j.examples.music;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.examples.audio.FeatureReader;
import org.ctc4j.examples.audio.Utterance;

/**
 * Notes as they were played: what a model hears, and when each note began.
 *
 * @param onsets in seconds from the first sample, one a label
 */
record Performance(Utterance utterance, double[] onsets) {
  /** From C3 to C6. */
  static final int LOWEST = 48;

  static final int HIGHEST = 84;

  /** Blank, and the pitches: pitch p is class p − {@value #LOWEST} + 1. */
  static final int CLASSES = HIGHEST - LOWEST + 2;

  /** From one frame to the next, in seconds. */
  static final double FRAME_SHIFT = 0.02;

  /** Over so many frames a filter's rise is taken: 60 ms, most of a window. */
  private static final int RISE = 3;

  /** Between a note and the same once more, in seconds; a third of the note if that is less. */
  private static final double GAP = 0.06;

  static boolean hasRoomFor(Melody melody) {
    return melody.lowest() >= LOWEST && melody.highest() <= HIGHEST;
  }

  static boolean canBeMoved(Melody melody) {
    return melody.highest() - melody.lowest() <= HIGHEST - LOWEST;
  }

  static Performance of(
      String name, List<Note> notes, Synthesiser synthesiser, int program, int velocity)
      throws IOException {
    float[] samples = synthesiser.play(articulated(notes), program, velocity);
    int[] labels = new int[notes.size()];
    double[] onsets = new double[notes.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = notes.get(i).pitch() - LOWEST + 1;
      onsets[i] = Synthesiser.LEAD + notes.get(i).start() - notes.get(0).start();
    }
    Utterance utterance =
        new Utterance(name, FeatureReader.music().read(samples).rises(RISE), labels);
    return new Performance(utterance, onsets);
  }

  /** A note that is repeated ends before it begins anew, as players do it. */
  static List<Note> articulated(List<Note> notes) {
    List<Note> articulated = new ArrayList<>();
    for (int i = 0; i < notes.size(); i++) {
      Note note = notes.get(i);
      double end = note.end();
      if (i + 1 < notes.size() && notes.get(i + 1).pitch() == note.pitch()) {
        double next = notes.get(i + 1).start();
        end = Math.min(end, next - Math.min(GAP, (next - note.start()) / 3));
      }
      articulated.add(new Note(note.pitch(), note.start(), end));
    }
    return articulated;
  }

  /** The same notes in time, each pitch moved, and the whole slower or faster. */
  static List<Note> varied(List<Note> notes, int semitones, double tempo) {
    List<Note> varied = new ArrayList<>();
    for (Note note : notes) {
      varied.add(new Note(note.pitch() + semitones, note.start() / tempo, note.end() / tempo));
    }
    return varied;
  }
}
