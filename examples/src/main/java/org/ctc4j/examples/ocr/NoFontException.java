package org.ctc4j.examples.ocr;

/** There is no font here that a text could be printed with. */
final class NoFontException extends Exception {
  private static final long serialVersionUID = 1;

  NoFontException(String message, Throwable cause) {
    super(message, cause);
  }
}
