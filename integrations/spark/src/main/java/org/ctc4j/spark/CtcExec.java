package org.ctc4j.spark;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.BindReferences;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.sql.vectorized.ColumnarBatchRow;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * Computes rows where a reader has put them, in columns or else in rows of their own, without a
 * copy of the logits. Its rows refer to those of the child: {@link CtcStrategy} has a projection
 * copy what is needed of them. Public for Spark, which makes copies by the constructor.
 */
public final class CtcExec extends SparkPlan {
  private static final long serialVersionUID = 1L;

  private final Seq<Expression> arguments;
  private final Computation computation;
  private final Seq<Attribute> results;
  private final SparkPlan child;

  /** As of {@link CtcPlan}. */
  public CtcExec(
      Seq<Expression> arguments, Computation computation, Seq<Attribute> results, SparkPlan child) {
    this.arguments = arguments;
    this.computation = computation;
    this.results = results;
    this.child = child;
  }

  @Override
  public RDD<InternalRow> doExecute() {
    RowReader reader = computation.reader(bound());
    Computation each = computation; // tasks need no plan
    SparkPlan columns = columns();
    if (columns != null) {
      FlatMapFunction<Iterator<ColumnarBatch>, InternalRow> computed =
          batches -> batches(new Pieces(batches), reader, each);
      return columns.executeColumnar().toJavaRDD().mapPartitions(computed).rdd();
    }
    FlatMapFunction<Iterator<InternalRow>, InternalRow> computed =
        rows -> batches(Collections.singleton(kept(rows, each)).iterator(), reader, each);
    return child.execute().toJavaRDD().mapPartitions(computed).rdd();
  }

  /** For rows of the child. */
  private List<Expression> bound() {
    return List.copyOf(Plans.list(BindReferences.bindReferences(arguments, allAttributes())));
  }

  /** What gives the child its rows, if that has them as columns; else null. */
  private SparkPlan columns() {
    return child instanceof WholeStageCodegenExec stage
            && stage.child() instanceof ColumnarToRowExec rows
        ? rows.child()
        : null;
  }

  private static Iterator<InternalRow> batches(
      Iterator<Iterator<InternalRow>> pieces, RowReader reader, Computation computation) {
    return new Batches(pieces, reader, computation, most(computation));
  }

  private static int most(Computation computation) {
    return computation.taskBatchSize(TaskContext.get().cpus());
  }

  /** Spark uses the memory of a row for the next: a batch of several needs copies. */
  private static Iterator<InternalRow> kept(Iterator<InternalRow> rows, Computation computation) {
    return most(computation) == 1 ? rows : Plans.map(rows, InternalRow::copy);
  }

  /** The rows of each batch of columns. */
  private record Pieces(Iterator<ColumnarBatch> batches)
      implements Iterator<Iterator<InternalRow>> {
    @Override
    public boolean hasNext() {
      return batches.hasNext();
    }

    @Override
    public Iterator<InternalRow> next() {
      ColumnarBatch batch = batches.next();
      ColumnVector[] columns =
          IntStream.range(0, batch.numCols()).mapToObj(batch::column).toArray(ColumnVector[]::new);
      return IntStream.range(0, batch.numRows()).mapToObj(i -> row(columns, i)).iterator();
    }

    private static InternalRow row(ColumnVector[] columns, int number) {
      ColumnarBatchRow row = new ColumnarBatchRow(columns);
      row.rowId = number;
      return row;
    }
  }

  @Override
  public Seq<Attribute> output() {
    return Plans.concatenated(child.output(), results);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.fromAttributeSets(Plans.map(results, Attribute::references));
  }

  @Override
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public Seq<SparkPlan> children() {
    return Plans.seq(List.of(child));
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
    return new CtcExec(arguments, computation, results, children.head());
  }

  @Override
  public int productArity() {
    return 4;
  }

  @Override
  public Object productElement(int n) {
    return List.of(arguments, computation, results, child).get(n);
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof CtcExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CtcExec exec
        && arguments.equals(exec.arguments)
        && computation.equals(exec.computation)
        && results.equals(exec.results)
        && child.equals(exec.child);
  }

  @Override
  public int hashCode() {
    return List.of(arguments, computation, results, child).hashCode();
  }
}
