package org.ctc4j.examples.nanopore;

/**
 * A stretch of signal, and the bases of it.
 *
 * @param signal in picoamperes
 * @param bases 0 to 3
 */
record Chunk(float[] signal, int[] bases) {}
