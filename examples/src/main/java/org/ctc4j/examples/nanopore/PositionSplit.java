package org.ctc4j.examples.nanopore;

/**
 * A read cut in two: its first four fifths of events to train with, the rest to test with. All that
 * is learned, the pore's levels and the scale of the signal included, is learned from the first.
 *
 * @param trainingEvents how many events there are to train with
 * @param boundary the sample that the held-out part begins at
 */
record PositionSplit(NanoporeRead read, int trainingEvents, int boundary) {
  private static final double TRAINING = 0.8;

  static PositionSplit of(NanoporeRead read) {
    int events = (int) (TRAINING * read.eventStarts().length);
    return new PositionSplit(read, events, read.eventEnds()[events - 1]);
  }

  Chunks training() {
    return new Chunks(read, read.eventStarts()[0], boundary);
  }

  Chunks heldOut() {
    return new Chunks(read, boundary, read.eventEnds()[read.eventEnds().length - 1]);
  }

  Scale scale() {
    return Scale.of(read.signal(), read.eventStarts()[0], boundary);
  }
}
