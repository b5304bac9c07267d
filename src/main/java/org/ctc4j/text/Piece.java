package org.ctc4j.text;

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
    String bare = isMarked ? marks.without(token) : token;
    return switch (marks) {
      case NONE -> new Piece(false, bare, null, false);
      case WORD_START -> new Piece(isMarked, bare.replace('▁', ' '), null, false);
      case CONTINUATION -> new Piece(!isMarked, bare, null, false);
      case CONTINUED -> new Piece(false, bare, null, !isMarked);
      case WORD_END -> new Piece(false, bare, null, isMarked);
      case BYTE_PIECES, BYTE_LEVEL -> {
        byte[] bytes = marks.alphabet.bytes(bare);
        yield new Piece(isMarked, bytes == null ? bare : "", bytes, false);
      }
    };
  }

  Piece apart() {
    return new Piece(true, text, bytes, spaceAfter);
  }
}
