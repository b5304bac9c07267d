package org.ctc4j.text;

import java.nio.charset.StandardCharsets;

/**
 * What a token adds to a text.
 *
 * @param spaceBefore whether there is a blank before it
 * @param text without marks; of bytes empty
 * @param bytes of UTF-8 in the place of text, or null: a character may be spread over tokens
 * @param spaceAfter whether there is a blank after it
 */
record Piece(boolean spaceBefore, String text, byte[] bytes, boolean spaceAfter) {
  static final Piece NOTHING = new Piece(false, "", null, false);
  static final Piece SPACE = new Piece(true, "", null, false);

  /** A wildcard in the place of frames: a word of its own. */
  static final Piece ANY_FRAMES = new Piece(true, Vocabulary.WILDCARD, null, true);

  /** One in the place of labels, which may be a part of a word. */
  static final Piece ANY_LABELS = new Piece(false, Vocabulary.WILDCARD, null, false);

  static Piece of(String token, TokenRole role, PieceMark marks) {
    if (role == TokenRole.BLANK || role == TokenRole.CONTROL) {
      return NOTHING;
    }
    if (role == TokenRole.SPACE) {
      return SPACE;
    }
    int singleByte = ByteText.byteOf(token);
    if (singleByte >= 0) {
      return new Piece(false, "", new byte[] {(byte) singleByte}, false);
    }
    boolean isMarked = marks.isIn(token);
    String unmarked = isMarked ? marks.without(token) : token;
    String bare = marks.isWordStart() ? unmarked.replace('▁', ' ') : unmarked;
    return switch (marks) {
      case NONE -> new Piece(false, bare, null, false);
      case WORD_START -> new Piece(isMarked, bare, null, false);
      case CONTINUATION -> new Piece(!isMarked, bare, null, false);
      case CONTINUED -> new Piece(false, bare, null, !isMarked);
      case WORD_END -> new Piece(false, bare, null, isMarked);
      case BYTE_PIECES, BYTE_LEVEL -> {
        byte[] bytes = marks.alphabet.bytes(bare);
        yield new Piece(isMarked, bytes == null ? bare : "", bytes, false);
      }
    };
  }

  /** This, cut where blanks are within: of each word that it is a piece of what it adds to that. */
  Piece[] parts() {
    String all = bytes == null ? text : new String(bytes, StandardCharsets.ISO_8859_1);
    if (all.indexOf(' ') < 0) {
      return new Piece[] {this};
    }
    String[] words = Writer.singleBlanks(all).split(" ");
    if (words[0].isEmpty()) {
      return new Piece[] {SPACE};
    }
    Piece[] parts = new Piece[words.length];
    for (int i = 0; i < parts.length; i++) {
      boolean isBefore = i > 0 || spaceBefore || all.startsWith(" ");
      boolean isAfter = i == parts.length - 1 && (spaceAfter || all.endsWith(" "));
      parts[i] =
          bytes == null
              ? new Piece(isBefore, words[i], null, isAfter)
              : new Piece(isBefore, "", words[i].getBytes(StandardCharsets.ISO_8859_1), isAfter);
    }
    return parts;
  }

  Piece apart() {
    return new Piece(true, text, bytes, spaceAfter);
  }
}
