package org.ctc4j.text;

/** What a token is there for. */
public enum TokenRole {
  /** A character, phoneme, word or piece of one. */
  TEXT,
  /** No label: what lies between labels. */
  BLANK,
  /** The space between words. */
  SPACE,
  /** In the place of what the vocabulary cannot spell; part of a text as it is spelled. */
  UNKNOWN,
  /** Begin, end, mask, padding and the like; no part of a text. */
  CONTROL
}
