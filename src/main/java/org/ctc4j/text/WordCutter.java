package org.ctc4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Cuts a sequence of labels into words. */
final class WordCutter {
  private final UnaryOperator<String> form;
  private final List<WordPlace> places = new ArrayList<>();
  private Writer writer; // of the word that has begun, or null
  private int start;
  private int startPart;
  private int end;
  private int endPart;

  /**
   * @param form of texts
   */
  WordCutter(UnaryOperator<String> form) {
    this.form = form;
  }

  /** Label i, of parts. */
  void add(int i, Piece[] parts) {
    for (int k = 0; k < parts.length; k++) {
      if (parts[k].spaceBefore()) {
        finish();
      }
      if (parts[k] != Piece.SPACE && parts[k] != Piece.NOTHING) {
        add(i, k, parts[k]);
      }
      if (parts[k].spaceAfter()) {
        finish();
      }
    }
  }

  private void add(int i, int part, Piece piece) {
    if (writer == null) {
      writer = new Writer();
      start = i;
      startPart = part;
    }
    writer.add(piece);
    end = i + 1;
    endPart = part;
  }

  /** Nothing if no word has begun, or none that can be seen. */
  private void finish() {
    String text = writer == null ? "" : Writer.singleBlanks(form.apply(writer.text()));
    if (!text.isEmpty()) {
      places.add(new WordPlace(text, start, startPart, end, endPart));
    }
    writer = null;
  }

  /** The words, after all labels. */
  List<WordPlace> places() {
    finish();
    return places;
  }
}
