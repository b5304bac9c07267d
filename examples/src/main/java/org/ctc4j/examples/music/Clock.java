package org.ctc4j.examples.music;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import javax.sound.midi.MetaMessage;
import javax.sound.midi.MidiEvent;
import javax.sound.midi.Sequence;
import javax.sound.midi.Track;

/** From the ticks of a MIDI file to seconds, with all changes of tempo. */
final class Clock {
  private static final int TEMPO = 0x51;
  private static final double DEFAULT_BEAT = 0.5;

  /** From a tick on: the time at it, and seconds a tick. */
  private record Section(double start, double perTick) {}

  private final TreeMap<Long, Section> sections = new TreeMap<>();

  /**
   * @throws IOException if the file counts frames of a film, not beats
   */
  Clock(Sequence sequence) throws IOException {
    if (sequence.getDivisionType() != Sequence.PPQ) {
      throw new IOException("expected a MIDI file whose ticks are parts of a beat");
    }
    TreeMap<Long, Double> beats = new TreeMap<>(Map.of(0L, DEFAULT_BEAT));
    for (Track track : sequence.getTracks()) {
      for (int i = 0; i < track.size(); i++) {
        MidiEvent event = track.get(i);
        if (event.getMessage() instanceof MetaMessage meta && meta.getType() == TEMPO) {
          byte[] data = meta.getData();
          int microseconds = (data[0] & 255) << 16 | (data[1] & 255) << 8 | data[2] & 255;
          beats.put(event.getTick(), microseconds / 1e6);
        }
      }
    }
    for (Map.Entry<Long, Double> beat : beats.entrySet()) {
      double start = sections.isEmpty() ? 0 : seconds(beat.getKey());
      sections.put(beat.getKey(), new Section(start, beat.getValue() / sequence.getResolution()));
    }
  }

  double seconds(long tick) {
    Map.Entry<Long, Section> section = sections.floorEntry(tick);
    return section.getValue().start + (tick - section.getKey()) * section.getValue().perTick;
  }
}
