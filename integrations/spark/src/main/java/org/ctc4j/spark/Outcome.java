package org.ctc4j.spark;

import java.util.Collection;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.ctc4j.LabelSpan;

/**
 * What came of one utterance; null is what was not asked for, or what it has none of.
 *
 * @param message null where the status is OK
 */
record Outcome(
    RowStatus status, String message, Double loss, List<LabelSpan> alignment, Decoded decoded) {
  /**
   * @param text null without a vocabulary
   * @param confidence null where there are no labels
   */
  record Decoded(int[] labels, String text, Double confidence) {}

  /** Of values that cannot be an utterance. */
  static Outcome invalid(String message) {
    return new Outcome(RowStatus.INVALID, message, null, null, null);
  }

  /** Of {@link #row}. */
  static StructType type(Collection<CtcOutput> outputs) {
    StructType type =
        new StructType()
            .add("status", DataTypes.StringType, false)
            .add("message", DataTypes.StringType);
    for (CtcOutput output : outputs) {
      type = type.add(output.column(), output.type());
    }
    return type;
  }

  /** As Spark holds it. */
  InternalRow row(Collection<CtcOutput> outputs) {
    Object[] values = new Object[outputs.size() + 2];
    int at = 0;
    values[at++] = UTF8String.fromString(status.name());
    values[at++] = UTF8String.fromString(message);
    for (CtcOutput output : outputs) {
      values[at++] = value(output);
    }
    return new GenericInternalRow(values);
  }

  /** As Spark holds it. */
  Object value(CtcOutput output) {
    return switch (output) {
      case LOSS -> loss;
      case ALIGNMENT -> alignment == null ? null : spans();
      case LABELS -> decoded == null ? null : UnsafeArrayData.fromPrimitiveArray(decoded.labels());
      case TEXT -> decoded == null ? null : UTF8String.fromString(decoded.text());
      case CONFIDENCE -> decoded == null ? null : decoded.confidence();
    };
  }

  private ArrayData spans() {
    Object[] rows = new Object[alignment.size()];
    for (int i = 0; i < rows.length; i++) {
      LabelSpan span = alignment.get(i);
      rows[i] =
          new GenericInternalRow(
              new Object[] {span.label(), span.start(), span.end(), span.meanLogProbability()});
    }
    return new GenericArrayData(rows);
  }
}
