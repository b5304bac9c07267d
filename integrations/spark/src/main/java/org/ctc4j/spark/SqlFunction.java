package org.ctc4j.spark;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.ctc4j.ElementType;
import org.ctc4j.InvalidInputException;

/**
 * What an SQL function does with its arguments, as Spark holds them. Public for the code that Spark
 * generates; {@link CtcFunctions} has the functions.
 */
public final class SqlFunction implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int[] NO_LABELS = {};

  /** In place of NULL, which an int cannot be. */
  static final int NULL = Integer.MIN_VALUE;

  private final ElementType type;
  private final Work work;
  private transient BatchComputer computer;

  SqlFunction(ElementType type, Work work) {
    this.type = type;
    this.work = work;
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
    requireValues("logits", logits);
    float[] numbers = logits.toFloatArray();
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
    requireValues("targets", targets);
    return targets.toIntArray();
  }

  private int[] labels(UTF8String text) {
    requireValue("text", text != null);
    if (work.vocabulary() == null) {
      throw new InvalidInputException("targets: text needs the option vocabulary");
    }
    return work.vocabulary().encode(text.toString());
  }

  private static void requireValues(String name, ArrayData array) {
    requireValue(name, array != null);
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw new InvalidInputException("%s: element %d is NULL".formatted(name, i));
      }
    }
  }

  private static void requireValue(String name, boolean isThere) {
    if (!isThere) {
      throw new InvalidInputException(name + ": expected a value, got NULL");
    }
  }
}
