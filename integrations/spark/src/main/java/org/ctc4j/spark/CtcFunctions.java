package org.ctc4j.spark;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.ExprUtils;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.objects.Invoke;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.ctc4j.BeamOptions;
import org.ctc4j.InvalidInputException;
import scala.Option;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * SQL functions, for Java, Scala, Python and SQL. Each returns a struct, whose last fields are
 * {@code status} and {@code message}, as {@link RowStatus} has them:
 *
 * <pre>
 * ctc_loss(logits, frames, classes, targets [, options])   loss
 * ctc_align(logits, frames, classes, targets [, options])  alignment: array of (label, start, end, score)
 * ctc_greedy(logits, frames, classes [, options])          labels, text, confidence
 * ctc_beam(logits, frames, classes [, options])            labels, text, confidence
 * </pre>
 *
 * <p>logits are BINARY, little-endian float32, or ARRAY&lt;FLOAT&gt;; targets ARRAY&lt;INT&gt;, or
 * STRING, which a vocabulary spells. Options are a map of constant strings:
 *
 * <pre>
 * blank       class index of the blank; without it the vocabulary's, else 0
 * input       logits, log_probs, probabilities or scores
 * type        of BINARY: float32, float16, bfloat16 or float64
 * vocabulary  a file, read on the driver
 * beam_width  of ctc_beam, 100 without it
 * backend     cuda, cpu or reference; without it the GPU that Spark gave the task, else cpu
 * fallback    true: a GPU that fails gives way to the processors
 * </pre>
 *
 * <p>They are there in a session that was built with {@code
 * spark.sql.extensions=org.ctc4j.spark.CtcFunctions}, or after {@link #register}.
 *
 * <pre>{@code
 * CtcFunctions.register(spark);
 * spark.sql("SELECT id, ctc_loss(logits, frames, 29, targets).loss FROM utterances");
 * }</pre>
 */
public final class CtcFunctions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  /** The functions, with what they compute. */
  private enum Function {
    CTC_LOSS(CtcOutput.LOSS),
    CTC_ALIGN(CtcOutput.ALIGNMENT),
    CTC_GREEDY(CtcOutput.LABELS, CtcOutput.TEXT, CtcOutput.CONFIDENCE),
    CTC_BEAM(CtcOutput.LABELS, CtcOutput.TEXT, CtcOutput.CONFIDENCE);

    private final Set<CtcOutput> outputs;

    Function(CtcOutput first, CtcOutput... others) {
      outputs = EnumSet.of(first, others);
    }

    String sqlName() {
      return name().toLowerCase(Locale.ROOT);
    }

    int arguments() {
      return outputs.contains(CtcOutput.TEXT) ? 3 : 4;
    }

    FunctionIdentifier identifier() {
      return new FunctionIdentifier(sqlName());
    }

    ExpressionInfo info() {
      String usage =
          "_FUNC_(logits, frames, classes%s [, options])"
              .formatted(arguments() == 4 ? ", targets" : "");
      return new ExpressionInfo(
          SqlFunction.class.getName(),
          null,
          sqlName(),
          usage,
          "",
          "",
          "",
          "misc_funcs",
          "",
          "",
          SOURCE);
    }

    /** Of the kind of results that it has. */
    DataType type() {
      StructType type = new StructType();
      for (CtcOutput output : outputs) {
        type = type.add(output.column(), output.type());
      }
      return type.add("status", DataTypes.StringType).add("message", DataTypes.StringType);
    }

    Expression expression(Seq<Expression> given) {
      List<Expression> children = CollectionConverters.asJava(given);
      int count = arguments();
      if (children.size() != count && children.size() != count + 1) {
        throw new InvalidInputException(
            "%s: expected %d arguments and perhaps a map of options, got %d"
                .formatted(sqlName(), count, children.size()));
      }
      Map<String, String> map =
          children.size() == count
              ? Map.of()
              : CollectionConverters.asJava(ExprUtils.convertToMapData(children.get(count)));
      FunctionOptions options = FunctionOptions.of(map);
      Engines.closeWith(SparkSession.active().sparkContext());
      SqlFunction function = new SqlFunction(options.type(), work(options.work()));
      ColumnTypes.NUMBERS.require(sqlName() + ": logits", children.get(0).dataType());
      Expression frames = integer("frames", children.get(1));
      Expression classes = integer("classes", children.get(2));
      List<Expression> arguments = new ArrayList<>(List.of(children.get(0), frames, classes));
      if (count == 4) {
        ColumnTypes.LABELS_OR_TEXT.require(sqlName() + ": targets", children.get(3).dataType());
        arguments.add(children.get(3));
      }
      return new Invoke(
          Literal.fromObject(function),
          "apply",
          type(),
          seq(arguments),
          seq(List.of()), // types have been checked
          false, // NULL is for the function to see
          false,
          true);
    }

    private Expression integer(String name, Expression argument) {
      ColumnTypes.INTEGER.require("%s: %s".formatted(sqlName(), name), argument.dataType());
      Expression cast = new Cast(argument, DataTypes.IntegerType, Option.empty());
      Literal none = Literal.create(SqlFunction.NULL, DataTypes.IntegerType);
      return new Coalesce(seq(List.of(cast, none)));
    }

    private Work work(Work options) {
      BeamOptions beam = this == CTC_BEAM ? options.beam() : null;
      return new Work(outputs, options.options(), options.vocabulary(), beam, options.engine());
    }
  }

  private static final String SOURCE = "scala_udf";

  /** For Spark, which makes it of its name. */
  public CtcFunctions() {}

  /** Makes the functions known to a session. */
  public static void register(SparkSession session) {
    for (Function function : Function.values()) {
      session
          .sessionState()
          .functionRegistry()
          .createOrReplaceTempFunction(function.sqlName(), function::expression, SOURCE);
    }
    CtcStrategy.addTo(session);
    FunctionsToPlan.addTo(session);
  }

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    for (Function function : Function.values()) {
      extensions.injectFunction(
          new Tuple3<>(function.identifier(), function.info(), function::expression));
    }
    extensions.injectOptimizerRule(session -> FunctionsToPlan.instance());
    extensions.injectPlannerStrategy(session -> CtcStrategy.instance());
    return BoxedUnit.UNIT;
  }

  private static <T> Seq<T> seq(List<T> elements) {
    return CollectionConverters.asScala(elements).toSeq();
  }
}
