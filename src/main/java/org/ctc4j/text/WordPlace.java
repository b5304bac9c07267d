package org.ctc4j.text;

/**
 * Where a word is among labels that may be pieces of several.
 *
 * @param text of the word
 * @param start position of its first label
 * @param startPart of that the {@linkplain Piece#parts() part} that the word begins with
 * @param end position after its last label
 * @param endPart of that the part that the word ends with
 */
record WordPlace(String text, int start, int startPart, int end, int endPart) {
  /** The first part of label i that is of the word. */
  int firstPart(int i) {
    return i == start ? startPart : 0;
  }

  /** The last of as many. */
  int lastPart(int i, int parts) {
    return i == end - 1 ? endPart : parts - 1;
  }
}
