package org.ctc4j.cpu;

/** Where rows of alpha or of beta stand, frame by frame. Mutable. */
final class RowCursor {
  double[] m;

  /** Of the first frame. */
  int at;

  /** How far it is to the row of the frame after. */
  int step;
}
