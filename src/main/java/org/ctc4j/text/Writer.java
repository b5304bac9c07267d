package org.ctc4j.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Puts pieces together. What is no UTF-8 among bytes becomes U+FFFD. */
final class Writer {
  private static final Pattern NEEDLESS_BLANKS = Pattern.compile("^ +| +\\z|( ) +");

  private final StringBuilder out = new StringBuilder();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  void add(Piece piece) {
    if (piece.spaceBefore()) {
      addText(" ");
    }
    if (piece.bytes() != null) {
      bytes.writeBytes(piece.bytes());
    } else if (piece != Piece.NOTHING) {
      addText(piece.text());
    }
    if (piece.spaceAfter()) {
      addText(" ");
    }
  }

  private void addText(String text) {
    if (bytes.size() > 0) {
      out.append(bytes.toString(StandardCharsets.UTF_8));
      bytes.reset();
    }
    out.append(text);
  }

  /** All that was added. */
  String text() {
    addText("");
    return out.toString();
  }

  /** Without blanks at the ends, and with single ones between words. */
  static String singleBlanks(String text) {
    return NEEDLESS_BLANKS.matcher(text).replaceAll("$1");
  }
}
