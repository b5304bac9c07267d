package org.ctc4j.spark;

import java.util.function.Predicate;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.ctc4j.InvalidInputException;

/** Of which types columns and arguments may be. */
enum ColumnTypes {
  NUMBERS(
      "BINARY or ARRAY<FLOAT>",
      t -> t.equals(DataTypes.BinaryType) || isArray(t, DataTypes.FloatType)),
  INTEGER("INT or BIGINT", t -> t.equals(DataTypes.IntegerType) || t.equals(DataTypes.LongType)),
  LABELS("ARRAY<INT>", t -> isArray(t, DataTypes.IntegerType)),
  TEXT("STRING", DataTypes.StringType::equals),
  LABELS_OR_TEXT("ARRAY<INT> or STRING", t -> LABELS.accepts.test(t) || TEXT.accepts.test(t));

  private final String text;
  private final Predicate<DataType> accepts;

  ColumnTypes(String text, Predicate<DataType> accepts) {
    this.text = text;
    this.accepts = accepts;
  }

  private static boolean isArray(DataType type, DataType element) {
    return type instanceof ArrayType array && array.elementType().equals(element);
  }

  /**
   * @param where for the message
   * @throws InvalidInputException if the type is another
   */
  void require(String where, DataType type) {
    if (!accepts.test(type)) {
      throw new InvalidInputException("%s: expected %s, got %s".formatted(where, text, type.sql()));
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
