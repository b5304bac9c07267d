package org.ctc4j.examples.music;

/**
 * A note of a melody.
 *
 * @param pitch MIDI's number, 60 the middle C
 * @param start seconds
 * @param end seconds, at most the next note's start
 */
record Note(int pitch, double start, double end) {}
