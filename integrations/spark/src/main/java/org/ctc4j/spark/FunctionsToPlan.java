package org.ctc4j.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ConditionalExpression;
import org.apache.spark.sql.catalyst.expressions.CreateNamedStruct;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.HigherOrderFunction;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.expressions.objects.Invoke;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.types.DataTypeUtils;
import org.apache.spark.sql.types.DataTypes;
import scala.collection.immutable.Seq;

/**
 * Computes the SQL functions of a projection or an aggregation, whose every row needs them, by a
 * {@link CtcPlan} below it: in batches, and without a copy of the logits. Elsewhere, as in a
 * condition, a function computes its row when it is asked to.
 */
final class FunctionsToPlan extends Rule<LogicalPlan> {
  private static final FunctionsToPlan INSTANCE = new FunctionsToPlan();

  private FunctionsToPlan() {}

  static FunctionsToPlan instance() {
    return INSTANCE;
  }

  /** In a session; once. */
  static void addTo(SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    synchronized (methods) {
      if (!methods.extraOptimizations().contains(INSTANCE)) {
        methods.extraOptimizations_$eq(
            Plans.concatenated(methods.extraOptimizations(), Plans.seq(List.of(INSTANCE))));
      }
    }
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    LogicalPlan mapped = plan.mapChildren(this::apply);
    if (!(mapped instanceof Project) && !(mapped instanceof Aggregate)) {
      return mapped;
    }
    Below below = new Below(needed(mapped));
    LogicalPlan replaced = mapped.mapExpressions(below::replaced);
    return below.calls.isEmpty() ? mapped : onlyNeeded(above(below.plan, replaced));
  }

  private static LogicalPlan above(LogicalPlan child, LogicalPlan plan) {
    return plan.withNewChildren(Plans.seq(List.of(child)));
  }

  /** An aggregation reads all columns of what is below it, the logits, too. */
  private static LogicalPlan onlyNeeded(LogicalPlan plan) {
    return above(needed(plan), plan);
  }

  /** What is below a plan, without the columns that it does not need. */
  private static LogicalPlan needed(LogicalPlan plan) {
    LogicalPlan child = plan.children().head();
    List<Attribute> all = Plans.list(child.output());
    List<Attribute> needed = all.stream().filter(plan.references()::contains).toList();
    return needed.size() == all.size() ? child : new Project(Plans.seq(needed), child);
  }

  /** What comes to be below a plan. */
  private static final class Below {
    private final LogicalPlan child;
    private final List<Invoke> calls = new ArrayList<>();
    private final List<Seq<Attribute>> results = new ArrayList<>(); // of each of the calls
    private LogicalPlan plan;

    Below(LogicalPlan child) {
      this.child = child;
      this.plan = child;
    }

    Expression replaced(Expression expression) {
      if (expression instanceof GetStructField field
          && field.child() instanceof Invoke call
          && isForEveryRow(call)) {
        return resultsOf(call).apply(field.ordinal());
      }
      if (expression instanceof Invoke call && isForEveryRow(call)) {
        List<Expression> struct = new ArrayList<>();
        for (Attribute each : Plans.list(resultsOf(call))) {
          struct.add(Literal.create(each.name(), DataTypes.StringType));
          struct.add(each);
        }
        return new CreateNamedStruct(Plans.seq(struct));
      }
      return expression instanceof ConditionalExpression
              || expression instanceof HigherOrderFunction
          ? expression
          : expression.mapChildren(this::replaced);
    }

    private boolean isForEveryRow(Invoke call) {
      return SqlFunction.of(call) != null
          && call.deterministic()
          && !call.references().isEmpty() // Spark folds constants
          && call.references().subsetOf(child.outputSet())
          && !call.exists(AggregateExpression.class::isInstance);
    }

    /** In the order of the function's fields. */
    private Seq<Attribute> resultsOf(Invoke call) {
      for (int i = 0; i < calls.size(); i++) {
        if (calls.get(i).semanticEquals(call)) {
          return results.get(i);
        }
      }
      Computation computation = SqlFunction.of(call).computation();
      Seq<Attribute> row =
          Plans.seq(
              Plans.list(DataTypeUtils.toAttributes(Outcome.type(computation.work().outputs()))));
      plan = new CtcPlan(SqlFunction.arguments(call), computation, row, plan);
      calls.add(call);
      results.add(SqlFunction.fields(row));
      return SqlFunction.fields(row);
    }
  }
}
