package org.ctc4j.spark;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What can be computed of a row: each is a column, null in a row that has none. */
public enum CtcOutput {
  /**
   * Column {@code loss}, double: −ln p(target | input) in nats. +Infinity where the status is
   * INFEASIBLE, NaN where it is NOT_FINITE.
   */
  LOSS("loss", DataTypes.DoubleType, true),
  /**
   * Column {@code alignment}: an array of (label, start, end, score), the frames start … end − 1 of
   * each label on the best path to the target. The score is {@link
   * org.ctc4j.LabelSpan#meanLogProbability()}.
   */
  ALIGNMENT("alignment", Types.SPANS, true),
  /** Column {@code labels}, array of int: what was decoded. */
  LABELS("labels", DataTypes.createArrayType(DataTypes.IntegerType, false), false),
  /** Column {@code text}, string: the same in the vocabulary's words. */
  TEXT("text", DataTypes.StringType, false),
  /**
   * Column {@code confidence}, double in [0, 1]: the geometric mean of the probabilities of the
   * frames that are on a label of what was decoded; null where nothing was. {@link
   * org.ctc4j.LabelSpan#confidence()} says what it is good for.
   */
  CONFIDENCE("confidence", DataTypes.DoubleType, false);

  private final String column;
  private final DataType type;
  private final boolean needsTargets;

  CtcOutput(String column, DataType type, boolean needsTargets) {
    this.column = column;
    this.type = type;
    this.needsTargets = needsTargets;
  }

  /** Its name. */
  public String column() {
    return column;
  }

  DataType type() {
    return type;
  }

  boolean needsTargets() {
    return needsTargets;
  }

  /** Whether it comes of decoding. */
  boolean needsDecoding() {
    return !needsTargets;
  }

  /** In a class of its own, as the constants above cannot refer to fields of theirs. */
  private static final class Types {
    static final DataType SPANS =
        DataTypes.createArrayType(
            new StructType()
                .add("label", DataTypes.IntegerType, false)
                .add("start", DataTypes.IntegerType, false)
                .add("end", DataTypes.IntegerType, false)
                .add("score", DataTypes.DoubleType, false),
            false);
  }
}
