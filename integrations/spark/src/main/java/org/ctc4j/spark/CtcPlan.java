package org.ctc4j.spark;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * The rows of a plan with results: what Spark optimises, and {@link CtcStrategy} gives to {@link
 * CtcExec}. Public for Spark, which makes copies by the constructor.
 */
public final class CtcPlan extends LogicalPlan {
  private static final long serialVersionUID = 1L;

  private final Seq<Expression> arguments;
  private final Computation computation;
  private final Seq<Attribute> results;
  private final LogicalPlan child;

  /**
   * @param arguments as {@link Computation#reader} has them, not bound
   * @param results of {@link Outcome#row}
   */
  public CtcPlan(
      Seq<Expression> arguments,
      Computation computation,
      Seq<Attribute> results,
      LogicalPlan child) {
    this.arguments = arguments;
    this.computation = computation;
    this.results = results;
    this.child = child;
  }

  Seq<Expression> arguments() {
    return arguments;
  }

  Computation computation() {
    return computation;
  }

  Seq<Attribute> results() {
    return results;
  }

  LogicalPlan child() {
    return child;
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
  public Seq<LogicalPlan> children() {
    return Plans.seq(List.of(child));
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
    return new CtcPlan(arguments, computation, results, children.head());
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
    return other instanceof CtcPlan;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CtcPlan plan
        && arguments.equals(plan.arguments)
        && computation.equals(plan.computation)
        && results.equals(plan.results)
        && child.equals(plan.child);
  }

  @Override
  public int hashCode() {
    return List.of(arguments, computation, results, child).hashCode();
  }
}
