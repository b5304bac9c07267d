package org.ctc4j.decoding;

import org.ctc4j.LabelSpan;

/** A path that grows frame by frame. */
final class PathSpans {
  private final int blank;
  private Spans closed; // of the labels that have ended
  private int symbol; // of the last frame
  private int start; // of the label that has not ended
  private double logProb; // of its frames

  PathSpans(int blank) {
    this.blank = blank;
    this.symbol = blank;
  }

  /** Takes in frame t. */
  void add(int t, int newSymbol, double newLogProb) {
    if (newSymbol != symbol) {
      closed = at(t);
      symbol = newSymbol;
      start = t;
      logProb = 0;
    }
    logProb += newLogProb;
  }

  /** All spans, if there are t frames. */
  Spans at(int t) {
    return isOnBlank() ? closed : new Spans(closed, new LabelSpan(symbol, start, t, logProb));
  }

  /** The spans that have ended. */
  Spans closed() {
    return closed;
  }

  /** Goes on from a path whose last frame is on a blank. */
  void setOnBlank(Spans all) {
    set(all, blank, 0, 0);
  }

  /** Goes on from a path whose last frame is on a label. */
  void set(Spans before, int label, int labelStart, double labelLogProb) {
    closed = before;
    symbol = label;
    start = labelStart;
    logProb = labelLogProb;
  }

  boolean isOnBlank() {
    return symbol == blank;
  }

  int symbol() {
    return symbol;
  }

  int start() {
    return start;
  }

  /** ln p of the frames of the label that has not ended. */
  double logProb() {
    return logProb;
  }
}
