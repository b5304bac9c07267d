package org.ctc4j.examples.music;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the melodies are played on. */
enum Instrument {
  PIANO(0),
  VIBRAPHONE(11),
  ACCORDION(21),
  GUITAR(24),
  VIOLIN(40),
  TRUMPET(56),
  CLARINET(71),
  FLUTE(73),
  /** Never trained with. */
  OBOE(68);

  /** General MIDI's number, from 0. */
  final int program;

  Instrument(int program) {
    this.program = program;
  }

  static List<Instrument> trained() {
    return Stream.of(values()).filter(instrument -> instrument != OBOE).toList();
  }

  static int[] programs(List<Instrument> instruments) {
    return instruments.stream().mapToInt(instrument -> instrument.program).toArray();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
