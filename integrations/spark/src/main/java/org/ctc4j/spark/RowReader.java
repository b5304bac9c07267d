package org.ctc4j.spark;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BaseGenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import org.ctc4j.ElementType;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;

/** Makes an utterance of a row; its numbers stay where they are. */
final class RowReader implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Targets where nothing needs them. */
  static final Expression NO_TARGETS =
      Literal.create(
          UnsafeArrayData.fromPrimitiveArray(new int[0]),
          DataTypes.createArrayType(DataTypes.IntegerType, false));

  private final Expression logits;
  private final Expression classes;
  private final Expression targets;
  private final Expression frames; // null: all
  private final Columns names;
  private final ElementType type;
  private final Vocabulary vocabulary;

  /**
   * @param arguments as {@link Computation#reader} has them
   * @param type of binary logits
   * @param vocabulary spells targets that are text; null: none
   */
  RowReader(List<Expression> arguments, Columns names, ElementType type, Vocabulary vocabulary) {
    logits = arguments.get(0);
    classes = arguments.get(1);
    targets = arguments.get(2);
    frames = names.frames() == null ? null : arguments.get(3);
    this.names = names;
    this.type = type;
    this.vocabulary = vocabulary;
  }

  /**
   * @return valid as long as the row is
   * @throws InvalidInputException if the row holds no utterance
   */
  Utterance read(InternalRow row) {
    int c = integer(row, classes, names.classes());
    boolean isBinary = logits.dataType().equals(DataTypes.BinaryType);
    ElementType stored = isBinary ? type : ElementType.FLOAT32;
    ByteBuffer numbers = isBinary ? bytes(row) : floats(row);
    int used =
        frames == null
            ? Utterance.frames(numbers, stored, c)
            : integer(row, frames, names.frames());
    return new Utterance(numbers, stored, used, c, labels(row));
  }

  private ByteBuffer bytes(InternalRow row) {
    byte[] bytes;
    if (logits instanceof BoundReference column && !(row instanceof BaseGenericInternalRow)) {
      if (!row.isNullAt(column.ordinal())) {
        return Utterance.littleEndian(row.getBinaryView(column.ordinal()).toByteBuffer());
      }
      bytes = null;
    } else {
      bytes = (byte[]) logits.eval(row);
    }
    return Utterance.littleEndian(ByteBuffer.wrap(present(bytes, names.logits())));
  }

  private ByteBuffer floats(InternalRow row) {
    return Utterance.bytes(
        values((ArrayData) logits.eval(row), names.logits(), "element").toFloatArray());
  }

  private int[] labels(InternalRow row) {
    Object value = targets.eval(row);
    if (targets.dataType().equals(DataTypes.StringType)) {
      String text = present((UTF8String) value, names.text()).toString();
      if (vocabulary == null) {
        throw new InvalidInputException("targets: text needs the option vocabulary");
      }
      return vocabulary.encode(text);
    }
    return values((ArrayData) value, names.targets(), "position").toIntArray();
  }

  /**
   * @throws InvalidInputException if the array or an element of it is NULL
   */
  static ArrayData values(ArrayData array, String name, String element) {
    present(array, name);
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw new InvalidInputException("%s: %s %d is NULL".formatted(name, element, i));
      }
    }
    return array;
  }

  private static int integer(InternalRow row, Expression argument, String name) {
    long value = present((Number) argument.eval(row), name).longValue();
    if (value != (int) value) {
      throw new InvalidInputException(
          "%s: expected a 32-bit number, got %d".formatted(name, value));
    }
    return (int) value;
  }

  private static <T> T present(T value, String name) {
    if (value == null) {
      throw new InvalidInputException(name + ": expected a value, got NULL");
    }
    return value;
  }
}
