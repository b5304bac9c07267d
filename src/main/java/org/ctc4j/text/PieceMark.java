package org.ctc4j.text;

import java.util.List;
import java.util.Set;

/** How tokens that are pieces of words show where a word begins, goes on or ends. */
enum PieceMark {
  /** They do not: tokens are characters, phonemes or words. */
  NONE(""),
  /** Icefall: as SentencePiece, with the bytes of UTF-8 as printable characters. */
  BYTE_PIECES("▁", ByteAlphabet.FAIRSEQ),
  /** SentencePiece: ▁ begins a word, and alone is a space. */
  WORD_START("▁"),
  /** WordPiece: ## goes on with the word; all else begins one. */
  CONTINUATION("##"),
  /** Subword-nmt: @@ after a piece that the word goes on after. */
  CONTINUED("@@"),
  /** Byte pair encoding as first published: the mark after the piece that ends a word. */
  WORD_END("</w>"),
  /** GPT-2: the bytes of UTF-8 as printable characters, Ġ the space. */
  BYTE_LEVEL("Ġ", ByteAlphabet.GPT2);

  private static final PieceMark[] SURE = {
    WORD_START, CONTINUATION, CONTINUED, WORD_END, BYTE_LEVEL
  };

  final String mark;

  /** Of tokens that are bytes; else null. */
  final ByteAlphabet alphabet;

  PieceMark(String mark) {
    this(mark, null);
  }

  PieceMark(String mark, ByteAlphabet alphabet) {
    this.mark = mark;
    this.alphabet = alphabet;
  }

  /**
   * A mark alone may be a character of a language or a dictionary (Ġ is Maltese, ▁ a block
   * element): beside text it is a mark.
   */
  static PieceMark of(Set<String> tokens, VocabularyFormat format) {
    if (format.isPlain()) {
      return NONE;
    }
    if (BYTE_PIECES.isOf(tokens)) {
      return BYTE_PIECES;
    }
    for (PieceMark candidate : SURE) {
      if (tokens.stream().anyMatch(candidate::isBesideText)) {
        return candidate;
      }
    }
    if (tokens.contains(WORD_END.mark)) {
      return WORD_END;
    }
    boolean isSentencePiece =
        format == VocabularyFormat.SENTENCE_PIECE || format == VocabularyFormat.NEMO;
    return isSentencePiece && tokens.contains(WORD_START.mark) ? WORD_START : NONE;
  }

  private boolean isOf(Set<String> tokens) {
    List<String> texts =
        tokens.stream()
            .filter(token -> !TokenNames.isUnknown(token))
            .map(token -> token.replace(mark, " "))
            .toList();
    return tokens.stream().anyMatch(token -> token.startsWith(mark)) && alphabet.isOf(texts);
  }

  private boolean isBesideText(String token) {
    return isIn(token) && without(token).codePoints().anyMatch(Character::isLetterOrDigit);
  }

  /** Whether the token is a mark and more. */
  boolean isIn(String token) {
    boolean isMarked = isSuffix() ? token.endsWith(mark) : token.startsWith(mark);
    return this != NONE
        && isMarked
        && token.length() > mark.length()
        && !TokenNames.isUnknown(token);
  }

  String without(String token) {
    return isSuffix()
        ? token.substring(0, token.length() - mark.length())
        : token.substring(mark.length());
  }

  /** Whether a token that is the mark alone is a space. */
  boolean isSpaceAlone() {
    return isWordStart() || this == WORD_END || this == BYTE_LEVEL;
  }

  /** Whether the mark is SentencePiece's, which stands for a blank wherever it is. */
  boolean isWordStart() {
    return this == WORD_START || this == BYTE_PIECES;
  }

  private boolean isSuffix() {
    return this == CONTINUED || this == WORD_END;
  }
}
