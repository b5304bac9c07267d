package org.ctc4j.spark;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.objects.Invoke;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.ctc4j.ElementType;
import org.ctc4j.InvalidInputException;
import scala.collection.immutable.Seq;

/**
 * What an SQL function does with its arguments, as Spark holds them. Public for the code that Spark
 * generates; {@link CtcFunctions} has the functions.
 */
public final class SqlFunction implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int[] NO_LABELS = {};

  private static final Columns NAMES =
      new Columns("logits", "frames", "classes", 0, "targets", "text");

  /** In place of NULL, which an int cannot be. */
  static final int NULL = Integer.MIN_VALUE;

  private final ElementType type;
  private final Work work;
  private transient BatchComputer computer;

  SqlFunction(ElementType type, Work work) {
    this.type = type;
    this.work = work;
  }

  /** Of a call; null if it is one of something else. */
  static SqlFunction of(Invoke call) {
    return call.targetObject() instanceof Literal literal
            && literal.value() instanceof SqlFunction function
        ? function
        : null;
  }

  /** Of a call, as {@link Computation#reader} has them, not bound. */
  static Seq<Expression> arguments(Invoke call) {
    List<Expression> given = Plans.list(call.arguments());
    Expression targets = given.size() == 3 ? RowReader.NO_TARGETS : given.get(3);
    return Plans.seq(List.of(given.get(0), orNull(given.get(2)), targets, orNull(given.get(1))));
  }

  /** Of an integer, which {@link CtcFunctions} keeps from being NULL. */
  private static Expression orNull(Expression argument) {
    List<Expression> choices = Plans.list(argument.children());
    return argument instanceof Coalesce
            && choices.size() == 2
            && choices.get(1) instanceof Literal last
            && Objects.equals(last.value(), NULL)
        ? choices.get(0)
        : argument;
  }

  /** Of {@link Outcome#row}, in the order of the function's fields. */
  static Seq<Attribute> fields(Seq<Attribute> row) {
    List<Attribute> fields = new ArrayList<>(Plans.list(row));
    Collections.rotate(fields, -2); // status and message come last
    return Plans.seq(fields);
  }

  Computation computation() {
    Computation.Checks none = new Computation.Checks(false, null);
    return new Computation(work, type, NAMES, Computation.AS_THE_TASK_NEEDS, none);
  }

  /** Without targets. */
  public InternalRow apply(byte[] logits, int frames, int classes) {
    return result(() -> utterance(logits, frames, classes, NO_LABELS));
  }

  /** Without targets. */
  public InternalRow apply(ArrayData logits, int frames, int classes) {
    return result(() -> utterance(logits, frames, classes, NO_LABELS));
  }

  /** Targets are labels. */
  public InternalRow apply(byte[] logits, int frames, int classes, ArrayData targets) {
    return result(() -> utterance(logits, frames, classes, labels(targets)));
  }

  /** Targets are labels. */
  public InternalRow apply(ArrayData logits, int frames, int classes, ArrayData targets) {
    return result(() -> utterance(logits, frames, classes, labels(targets)));
  }

  /** Targets are text. */
  public InternalRow apply(byte[] logits, int frames, int classes, UTF8String text) {
    return result(() -> utterance(logits, frames, classes, labels(text)));
  }

  /** Targets are text. */
  public InternalRow apply(ArrayData logits, int frames, int classes, UTF8String text) {
    return result(() -> utterance(logits, frames, classes, labels(text)));
  }

  private interface Arguments {
    Utterance utterance();
  }

  private InternalRow result(Arguments arguments) {
    if (computer == null) {
      computer = new BatchComputer(work);
    }
    Outcome outcome;
    try {
      outcome = computer.compute(List.of(arguments.utterance()))[0];
    } catch (InvalidInputException e) {
      outcome = Outcome.invalid(e.getMessage());
    }
    List<Object> values = new ArrayList<>();
    for (CtcOutput output : work.outputs()) {
      values.add(outcome.value(output));
    }
    values.add(UTF8String.fromString(outcome.status().name()));
    values.add(UTF8String.fromString(outcome.message()));
    return new GenericInternalRow(values.toArray());
  }

  private Utterance utterance(ArrayData logits, int frames, int classes, int[] labels) {
    float[] numbers = RowReader.values(logits, "logits", "element").toFloatArray();
    return utterance(Utterance.bytes(numbers), ElementType.FLOAT32, frames, classes, labels);
  }

  private Utterance utterance(byte[] logits, int frames, int classes, int[] labels) {
    requireValue("logits", logits != null);
    return utterance(
        Utterance.littleEndian(ByteBuffer.wrap(logits)), type, frames, classes, labels);
  }

  private static Utterance utterance(
      ByteBuffer numbers, ElementType type, int frames, int classes, int[] labels) {
    requireValue("frames", frames != NULL);
    requireValue("classes", classes != NULL);
    return new Utterance(numbers, type, frames, classes, labels);
  }

  private static int[] labels(ArrayData targets) {
    return RowReader.values(targets, "targets", "position").toIntArray();
  }

  private int[] labels(UTF8String text) {
    requireValue("text", text != null);
    if (work.vocabulary() == null) {
      throw new InvalidInputException("targets: text needs the option vocabulary");
    }
    return work.vocabulary().encode(text.toString());
  }

  private static void requireValue(String name, boolean isThere) {
    if (!isThere) {
      throw new InvalidInputException(name + ": expected a value, got NULL");
    }
  }

  /** Whether it does the same, so that Spark calls it once for the same row. */
  @Override
  public boolean equals(Object other) {
    return other instanceof SqlFunction function
        && type == function.type
        && work.equals(function.work);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, work);
  }
}
