package org.ctc4j.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.ctc4j.ElementType;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;

/** Makes an utterance of a row. */
final class RowReader implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int NONE = -1;
  private static final int[] NO_LABELS = {};

  private final Columns columns;
  private final ElementType type;
  private final Vocabulary vocabulary;
  private final boolean hasTargets;
  private final int logits;
  private final int frames;
  private final int classes;
  private final int targets;

  /**
   * @param type of binary logits
   * @param work whose vocabulary spells the text, if there is a column of it
   * @throws InvalidInputException if a column is not there, or of another type
   */
  RowReader(StructType schema, Columns columns, ElementType type, Work work) {
    this.columns = columns;
    this.type = type;
    this.vocabulary = work.vocabulary();
    this.hasTargets = work.outputs().stream().anyMatch(CtcOutput::needsTargets);
    logits = index(schema, columns.logits(), ColumnTypes.NUMBERS);
    frames = index(schema, columns.frames(), ColumnTypes.INTEGER);
    classes = index(schema, columns.classes(), ColumnTypes.INTEGER);
    if (!hasTargets) {
      targets = NONE;
    } else if (columns.text() != null) {
      targets = index(schema, columns.text(), ColumnTypes.TEXT);
    } else {
      targets = index(schema, columns.targets(), ColumnTypes.LABELS);
    }
  }

  private static int index(StructType schema, String name, ColumnTypes expected) {
    if (name == null) {
      return NONE;
    }
    List<String> names = List.of(schema.fieldNames());
    int index = names.indexOf(name);
    if (index < 0) {
      throw new InvalidInputException(
          "column %s: expected %s, but there is none of this name among %s"
              .formatted(name, expected, names));
    }
    expected.require("column " + name, schema.fields()[index].dataType());
    return index;
  }

  /**
   * @throws InvalidInputException if the row holds no utterance
   */
  Utterance read(Row row) {
    int c = classes == NONE ? columns.classCount() : integer(row, classes, columns.classes());
    require(row, logits, columns.logits());
    Object values = row.get(logits);
    ElementType stored = values instanceof byte[] ? type : ElementType.FLOAT32;
    byte[] numbers = values instanceof byte[] bytes ? bytes : Utterance.bytes(floats(row));
    int used =
        frames == NONE
            ? Utterance.frames(numbers, stored, c)
            : integer(row, frames, columns.frames());
    return new Utterance(numbers, stored, used, c, labels(row));
  }

  private int[] labels(Row row) {
    if (!hasTargets) {
      return NO_LABELS;
    }
    if (columns.text() != null) {
      require(row, targets, columns.text());
      return vocabulary.encode(row.getString(targets));
    }
    require(row, targets, columns.targets());
    if (row.get(targets) instanceof int[] labels) { // straight from a function, not from Spark
      return labels;
    }
    List<Integer> list = row.getList(targets);
    int[] labels = new int[list.size()];
    int i = 0;
    for (Integer label : list) {
      if (label == null) {
        throw new InvalidInputException("targets: position %d is NULL".formatted(i));
      }
      labels[i++] = label;
    }
    return labels;
  }

  private float[] floats(Row row) {
    if (row.get(logits) instanceof float[] numbers) { // straight from a function, not from Spark
      return numbers;
    }
    List<Float> list = row.getList(logits);
    float[] numbers = new float[list.size()];
    int i = 0;
    for (Float number : list) {
      if (number == null) {
        throw new InvalidInputException("logits: element %d is NULL".formatted(i));
      }
      numbers[i++] = number;
    }
    return numbers;
  }

  private static int integer(Row row, int column, String name) {
    require(row, column, name);
    long value = ((Number) row.get(column)).longValue();
    if (value != (int) value) {
      throw new InvalidInputException(
          "%s: expected a 32-bit number, got %d".formatted(name, value));
    }
    return (int) value;
  }

  private static void require(Row row, int column, String name) {
    if (row.isNullAt(column)) {
      throw new InvalidInputException(name + ": expected a value, got NULL");
    }
  }
}
