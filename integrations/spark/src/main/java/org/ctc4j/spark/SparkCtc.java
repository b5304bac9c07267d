package org.ctc4j.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.types.DataTypeUtils;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.ElementType;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;
import scala.collection.immutable.Seq;

/**
 * Losses, alignments and transcripts of the rows of a Dataset, an utterance a row.
 *
 * <pre>{@code
 * Dataset<Row> scored = SparkCtc.of(rows)            // logits, frames, classes, targets
 *     .withVocabulary(vocabulary)
 *     .compute(CtcOutput.LOSS, CtcOutput.ALIGNMENT, CtcOutput.TEXT);
 * scored.orderBy(col("loss").desc()).select("status", "message", "loss", "text").show(10);
 * }</pre>
 *
 * <p>Rows are computed in batches on one engine of each executor, on {@code spark.task.cpus}
 * threads or on the GPU that Spark gives the task; the results are those of the library called for
 * the same rows, bit by bit, however they are partitioned. An executor holds a batch of each of its
 * tasks, never a partition.
 *
 * <p>Every row comes out, with its columns as they were, {@code status} and {@code message}, and
 * the columns of the {@linkplain CtcOutput outputs}. A row that cannot be an utterance has the
 * status {@link RowStatus#INVALID}, and the message says why; it stops nothing, unless {@link
 * #withStrict strict}.
 *
 * <p>Immutable.
 */
public final class SparkCtc {
  private final Dataset<Row> rows;
  private final Columns columns;
  private final ElementType type;
  private final Work work; // its outputs are empty
  private final int batchSize;
  private final Checks checks;

  /**
   * @param counts null: none
   */
  private record Checks(boolean isStrict, boolean hasOptions, CtcCounts counts) {}

  private SparkCtc(
      Dataset<Row> rows,
      Columns columns,
      ElementType type,
      Work work,
      int batchSize,
      Checks checks) {
    this.rows = rows;
    this.columns = columns;
    this.type = type;
    this.work = work;
    this.batchSize = batchSize;
    this.checks = checks;
  }

  /**
   * Of rows with the columns {@code logits}, {@code frames}, {@code classes} and, for what needs
   * them, {@code targets}, unless they are said to be called otherwise.
   */
  public static SparkCtc of(Dataset<Row> rows) {
    Work work = new Work(Set.of(), CtcOptions.DEFAULT, null, null, EngineChoice.DEFAULT);
    Checks checks = new Checks(false, false, null);
    return new SparkCtc(
        rows, Columns.DEFAULT, ElementType.FLOAT32, work, Computation.AS_THE_TASK_NEEDS, checks);
  }

  private SparkCtc with(Columns value) {
    return new SparkCtc(rows, value, type, work, batchSize, checks);
  }

  private SparkCtc with(Work value) {
    return new SparkCtc(rows, columns, type, value, batchSize, checks);
  }

  private SparkCtc with(Checks value) {
    return new SparkCtc(rows, columns, type, work, batchSize, value);
  }

  /**
   * @param column (T, C) in C order: BINARY, little-endian numbers of {@link #withType the type},
   *     or ARRAY&lt;FLOAT&gt;, which takes Spark longer to read
   */
  public SparkCtc withLogits(String column) {
    return with(columns.withLogits(column));
  }

  /**
   * @param value of binary logits: FLOAT32, as without this, FLOAT16, BFLOAT16 or FLOAT64
   */
  public SparkCtc withType(ElementType value) {
    return new SparkCtc(
        rows, columns, Objects.requireNonNull(value, "type"), work, batchSize, checks);
  }

  /**
   * @param column INT or BIGINT, how many of the T frames are used; or null: all, in every row
   */
  public SparkCtc withFrames(String column) {
    return with(columns.withFrames(column));
  }

  /**
   * @param column INT or BIGINT: C
   */
  public SparkCtc withClasses(String column) {
    Objects.requireNonNull(column, "classes");
    return with(columns.withClasses(column, 0));
  }

  /**
   * @param count C, in all rows
   */
  public SparkCtc withClasses(int count) {
    return with(columns.withClasses(null, count));
  }

  /**
   * @param column ARRAY&lt;INT&gt;: labels, without blanks
   */
  public SparkCtc withTargets(String column) {
    Objects.requireNonNull(column, "targets");
    return with(columns.withTargets(column, null));
  }

  /**
   * Targets as text, which the {@link #withVocabulary vocabulary} spells.
   *
   * @param column STRING
   */
  public SparkCtc withText(String column) {
    Objects.requireNonNull(column, "text");
    return with(columns.withTargets(null, column));
  }

  /** What classes are called, and, unless {@link #withOptions options} say so, the blank. */
  public SparkCtc withVocabulary(Vocabulary value) {
    return with(new Work(work.outputs(), work.options(), value, work.beam(), work.engine()));
  }

  /** Blank and kind of input; without this, those of {@link CtcOptions#DEFAULT}. */
  public SparkCtc withOptions(CtcOptions value) {
    Objects.requireNonNull(value, "options");
    return with(new Work(work.outputs(), value, work.vocabulary(), work.beam(), work.engine()))
        .with(new Checks(checks.isStrict, true, checks.counts));
  }

  /** Decodes by a beam search; without this, greedily. */
  public SparkCtc withBeam(BeamOptions value) {
    return with(new Work(work.outputs(), work.options(), work.vocabulary(), value, work.engine()));
  }

  /**
   * @param rowCount how many rows a call of the library gets, ≥ 1. Without this a GPU gets 64, and
   *     processors as many as the task has of them: a row whose numbers were just read is computed
   *     the fastest
   */
  public SparkCtc withBatchSize(int rowCount) {
    if (rowCount < 1) {
      throw new InvalidInputException("batch size: expected 1 or more, got " + rowCount);
    }
    return new SparkCtc(rows, columns, type, work, rowCount, checks);
  }

  /**
   * Insists on a backend. Without this it is {@link Backend#CUDA} for a task that Spark gave a GPU
   * ({@code spark.task.resource.gpu.amount}), on the device that the task's address is the number
   * of, and {@link Backend#CPU} for others.
   */
  public SparkCtc withBackend(Backend value) {
    return withEngine(new EngineChoice(value, work.engine().fallback()));
  }

  /**
   * @param value whether a GPU that cannot be used, or fails, gives way to the processors with a
   *     warning in the executor's log; else its task fails with the reason. The bits of results
   *     then depend on where they were computed
   */
  public SparkCtc withFallback(boolean value) {
    return withEngine(new EngineChoice(work.engine().backend(), value));
  }

  private SparkCtc withEngine(EngineChoice value) {
    return with(new Work(work.outputs(), work.options(), work.vocabulary(), work.beam(), value));
  }

  /**
   * @param value whether a row whose status is not OK fails its task, and so the job
   */
  public SparkCtc withStrict(boolean value) {
    return with(new Checks(value, checks.hasOptions, checks.counts));
  }

  /** Counts rows by status. */
  public SparkCtc withCounts(CtcCounts value) {
    return with(new Checks(checks.isStrict, checks.hasOptions, value));
  }

  /**
   * The rows with what is computed of them. Lazy, as all that Spark does.
   *
   * @throws InvalidInputException if a column is not there, of another type, or in the way of one
   *     of the results; if an output needs targets or a vocabulary and there are none
   */
  public Dataset<Row> compute(CtcOutput... outputs) {
    Work complete = complete(outputs);
    LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) rows).logicalPlan();
    List<Attribute> present = Plans.list(plan.output());
    Seq<Expression> arguments = Plans.seq(arguments(present, complete));
    Seq<Attribute> results = results(present, complete);
    Engines.closeWith(rows.sparkSession().sparkContext());
    CtcStrategy.addTo(rows.sparkSession());
    Computation computation =
        new Computation(
            complete,
            type,
            columns,
            batchSize,
            new Computation.Checks(checks.isStrict, checks.counts));
    LogicalPlan ctc = new CtcPlan(arguments, computation, results, plan);
    // aliases, of which Spark makes others where the rows are joined with themselves
    Seq<Alias> named =
        Plans.map(results, each -> CtcStrategy.alias(each, NamedExpression.newExprId()));
    return org.apache.spark.sql.classic.Dataset.ofRows(
        (org.apache.spark.sql.classic.SparkSession) rows.sparkSession(),
        new Project(Plans.concatenated(plan.output(), named), ctc));
  }

  private Work complete(CtcOutput... outputs) {
    if (outputs.length == 0) {
      throw new InvalidInputException("outputs: expected one or more, got none");
    }
    Set<CtcOutput> asked = EnumSet.copyOf(Arrays.asList(outputs));
    Vocabulary vocabulary = work.vocabulary();
    if (vocabulary == null && (asked.contains(CtcOutput.TEXT) || columns.text() != null)) {
      throw new InvalidInputException("text needs a vocabulary: withVocabulary");
    }
    CtcOptions options =
        vocabulary == null || checks.hasOptions
            ? work.options()
            : work.options().withBlank(vocabulary.blank().orElse(0));
    return new Work(
        Collections.unmodifiableSet(asked), options, vocabulary, work.beam(), work.engine());
  }

  /** As {@link Computation#reader} has them, not bound. */
  private List<Expression> arguments(List<Attribute> present, Work complete) {
    List<Expression> arguments = new ArrayList<>();
    arguments.add(column(present, columns.logits(), ColumnTypes.NUMBERS));
    arguments.add(
        columns.classes() == null
            ? Literal.create(columns.classCount(), DataTypes.IntegerType)
            : column(present, columns.classes(), ColumnTypes.INTEGER));
    if (complete.outputs().stream().noneMatch(CtcOutput::needsTargets)) {
      arguments.add(RowReader.NO_TARGETS);
    } else if (columns.text() != null) {
      arguments.add(column(present, columns.text(), ColumnTypes.TEXT));
    } else {
      arguments.add(column(present, columns.targets(), ColumnTypes.LABELS));
    }
    if (columns.frames() != null) {
      arguments.add(column(present, columns.frames(), ColumnTypes.INTEGER));
    }
    return arguments;
  }

  private static Attribute column(List<Attribute> present, String name, ColumnTypes expected) {
    List<String> names = present.stream().map(Attribute::name).toList();
    int place = names.indexOf(name);
    if (place < 0) {
      throw new InvalidInputException(
          "column %s: expected %s, but there is none of this name among %s"
              .formatted(name, expected, names));
    }
    expected.require("column " + name, present.get(place).dataType());
    return present.get(place);
  }

  private static Seq<Attribute> results(List<Attribute> present, Work complete) {
    StructType type = Outcome.type(complete.outputs());
    for (Attribute each : present) {
      if (List.of(type.fieldNames()).contains(each.name())) {
        throw new InvalidInputException(
            "column %s: the rows have one already; expected none, for the result"
                .formatted(each.name()));
      }
    }
    return Plans.seq(Plans.list(DataTypeUtils.toAttributes(type)));
  }
}
