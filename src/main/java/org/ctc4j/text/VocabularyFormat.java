package org.ctc4j.text;

/** How a file says what the classes are called. */
public enum VocabularyFormat {
  /** A token a line, that of class 0 first. */
  LINES,
  /**
   * A token, white space and the number of its class on each line: k2, Kaldi, OpenFst. What such
   * tables have for disambiguation after all classes, {@code #0}, {@code #1}, …, is no class.
   */
  TABLE,
  /** SentencePiece's {@code .vocab}: a piece, a tab and its score on each line. */
  SENTENCE_PIECE,
  /** Hugging Face's {@code vocab.json} for wav2vec2: <code>{"token": class, …}</code>. */
  VOCAB_JSON,
  /** The same for each of several languages, as MMS has it: <code>{"eng": {…}, …}</code>. */
  LANGUAGES_JSON,
  /** A JSON list of tokens, or pyctcdecode's object that holds one as {@code labels}. */
  JSON_LIST,
  /**
   * DeepSpeech's {@code alphabet.txt}: a token a line, comments after {@code #}, {@code \#} for the
   * token #; the blank is not in the file and comes last.
   */
  DEEP_SPEECH,
  /**
   * What NeMo calls a model's vocabulary, as lines, JSON list or {@code .vocab}: the blank is not
   * in the file and comes last.
   */
  NEMO,
  /**
   * A dictionary of PaddleOCR, a character a line: the blank is not in the file and comes first; a
   * space, not in the file either, comes last, unless the logits have no class for it.
   */
  PADDLE_OCR,
  /**
   * Fairseq's {@code dict.ltr.txt} and the like: a token, a blank and how often it was counted on
   * each line. {@code <s>}, {@code <pad>}, {@code </s>} and {@code <unk>} are not in the file and
   * come first, as classes 0 to 3, and {@code <s>} is the blank.
   *
   * <p>Numbers are counts and no classes of a {@link #TABLE} where they never rise from line to
   * line, and a quarter of n lines or more, at least two, have none of their own among n numbers in
   * a row, from the least on. Tables rise, and in whatever order they are, nearly every line has a
   * class of its own: a hole, or a number that is there twice, is then a mistake in a table. Counts
   * in another order are told by naming the format.
   */
  FAIRSEQ;

  /** Whether the blank is a class that the file does not have. */
  public boolean impliesBlank() {
    return this == DEEP_SPEECH || this == NEMO || impliesBlankFirst();
  }

  /** Whether it is class 0. */
  boolean impliesBlankFirst() {
    return this == PADDLE_OCR || this == FAIRSEQ;
  }

  /** Whether a token is a character or a word, never a piece of one with a mark at its ends. */
  boolean isPlain() {
    return this == DEEP_SPEECH || this == PADDLE_OCR;
  }
}
