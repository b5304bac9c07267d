package org.ctc4j.spark;

import java.io.Serializable;

/**
 * What the columns are called.
 *
 * @param frames null: all frames are used
 * @param classes null: {@code classCount} in all rows
 * @param targets null: none, or text
 * @param text null: none, or targets
 */
record Columns(
    String logits, String frames, String classes, int classCount, String targets, String text)
    implements Serializable {
  static final Columns DEFAULT = new Columns("logits", "frames", "classes", 0, "targets", null);

  Columns withLogits(String value) {
    return new Columns(value, frames, classes, classCount, targets, text);
  }

  Columns withFrames(String value) {
    return new Columns(logits, value, classes, classCount, targets, text);
  }

  Columns withClasses(String column, int count) {
    return new Columns(logits, frames, column, count, targets, text);
  }

  Columns withTargets(String labelColumn, String textColumn) {
    return new Columns(logits, frames, classes, classCount, labelColumn, textColumn);
  }
}
