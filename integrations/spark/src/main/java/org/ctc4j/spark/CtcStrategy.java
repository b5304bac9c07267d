package org.ctc4j.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.Option;
import scala.collection.immutable.Seq;

/** Plans {@link CtcPlan}, and nothing else. */
final class CtcStrategy extends SparkStrategy {
  private static final CtcStrategy INSTANCE = new CtcStrategy();

  private CtcStrategy() {}

  static CtcStrategy instance() {
    return INSTANCE;
  }

  /** In a session; once. */
  static void addTo(SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    synchronized (methods) {
      if (!methods.extraStrategies().contains(INSTANCE)) {
        methods.extraStrategies_$eq(
            Plans.concatenated(methods.extraStrategies(), Plans.seq(List.of(INSTANCE))));
      }
    }
  }

  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    return Plans.seq(plan instanceof CtcPlan ctc ? List.of(planned(ctc)) : List.of());
  }

  /**
   * The projection copies, which Spark wants of rows that go on; it stays in the plan since it
   * renames.
   */
  private SparkPlan planned(CtcPlan plan) {
    Seq<Attribute> renamed = Plans.map(plan.results(), Attribute::newInstance);
    List<NamedExpression> projected = new ArrayList<>(Plans.list(plan.child().output()));
    for (int i = 0; i < renamed.size(); i++) {
      projected.add(alias(renamed.apply(i), plan.results().apply(i).exprId()));
    }
    return new ProjectExec(
        Plans.seq(projected),
        new CtcExec(plan.arguments(), plan.computation(), renamed, planLater(plan.child())));
  }

  /** The attribute under its name and another identity. */
  static Alias alias(Attribute attribute, ExprId id) {
    Seq<String> none = Plans.seq(List.of());
    return new Alias(attribute, attribute.name(), id, none, Option.empty(), none);
  }
}
