package org.ctc4j.spark;

import static org.apache.spark.sql.functions.expr;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.ctc4j.BeamOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The SQL functions, in a session that has them by its configuration. */
class CtcFunctionsTest {
  private static final Corpus CORPUS = new Corpus(21, 20);

  @TempDir private static Path folder;

  private static SparkSession spark;
  private static String vocabulary;

  @BeforeAll
  static void start() throws Exception {
    spark =
        LocalSpark.inProcess()
            .config("spark.sql.extensions", CtcFunctions.class.getName())
            .config("spark.task.cpus", 2) // one task, on two threads
            .getOrCreate();
    CORPUS.rows(spark).createOrReplaceTempView("utterances");
    Path file = folder.resolve("tokens.txt");
    Files.writeString(file, "<blank>\n<space>\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    vocabulary = "map('vocabulary', '" + file + "')";
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static List<Row> sql(String call) {
    return spark
        .sql("SELECT id, r.* FROM (SELECT id, %s AS r FROM utterances) ORDER BY id".formatted(call))
        .collectAsList();
  }

  private static void assertEqualColumns(List<Row> expected, List<Row> rows, String... columns) {
    assertEquals(expected.size(), rows.size());
    for (int n = 0; n < rows.size(); n++) {
      for (String column : columns) {
        assertEquals(expected.get(n).<Object>getAs(column), rows.get(n).getAs(column));
      }
    }
  }

  @Test
  @DisplayName("All give what the rows of a Dataset get")
  void same() {
    SparkCtc ctc = SparkCtc.of(CORPUS.rows(spark)).withVocabulary(SparkCtcTest.VOCABULARY);
    List<Row> expected = ctc.compute(CtcOutput.values()).orderBy("id").collectAsList();
    assertEqualColumns(
        expected, sql("ctc_loss(logits, frames, classes, targets)"), "loss", "status", "message");
    assertEqualColumns(
        expected, sql("ctc_align(logits, frames, bigint(12), targets)"), "alignment", "status");
    assertEqualColumns(
        expected,
        sql("ctc_greedy(logits, frames, classes, %s)".formatted(vocabulary)),
        "labels",
        "text",
        "confidence");
    List<Row> beam =
        ctc.withBeam(BeamOptions.DEFAULT.withBeamWidth(5))
            .compute(CtcOutput.LABELS)
            .orderBy("id")
            .collectAsList();
    assertEqualColumns(
        beam, sql("ctc_beam(logits, frames, classes, map('beam_width', '5'))"), "labels");
  }

  @Test
  @DisplayName("Arrays of floats, texts as targets, and constants are taken")
  void forms() {
    Row row =
        spark
            .sql(
                ("SELECT ctc_loss(array(0F, 2F, 1F, 3F, 0F, 0F), 2, 3, array(1)).loss,"
                        + " ctc_loss(array(0F, 2F, 1F, 3F, 0F, 0F), 2, 3, array(1)).status,"
                        + " ctc_loss(logits, frames, classes, 'bad', %1$s) = ctc_loss(logits, frames, classes, array(3, 2, 5), %1$s)"
                        + " FROM utterances WHERE id = 0")
                    .formatted(vocabulary))
            .first();
    double ln =
        Math.log(p(2, 0, 1) * p(3, 0, 0) + p(0, 2, 1) * p(0, 3, 0) + p(2, 0, 1) * p(0, 3, 0));
    assertEquals(-ln, row.getDouble(0), 1e-6);
    assertEquals("OK", row.getString(1));
    assertTrue(row.getBoolean(2));
  }

  @Test
  @DisplayName("What every row needs is computed where the reader put it; a condition row by row")
  void plans() {
    Path parquet = folder.resolve("parquet");
    CORPUS.rows(spark).write().parquet(parquet.toString());
    String loss = "ctc_loss(logits, frames, classes, targets)";
    Dataset<Row> rows = spark.read().parquet(parquet.toString());
    double sum = rows.selectExpr("sum(" + loss + ".loss)").first().getDouble(0);
    assertEquals(
        sum, spark.sql("SELECT sum(%s.loss) FROM utterances".formatted(loss)).first().get(0));
    assertPlan(1, rows.selectExpr("sum(%1$s.loss)".formatted(loss)));
    assertPlan(1, rows.selectExpr(loss, loss + ".status", "id"));
    assertPlan(2, rows.selectExpr(loss, "ctc_greedy(logits, frames, classes)"));
    assertPlan(1, rows.groupBy(expr(loss + ".status")).count());
    assertPlan(0, rows.filter(loss + ".loss > 1").select("id"));
    assertPlan(0, rows.selectExpr("if(id < 3, %s.loss, 0)".formatted(loss)));
    assertPlan(
        0,
        rows.selectExpr(
            loss.replace("logits", "first(logits)")
                .replace("frames", "1")
                .replace("classes", "12")
                .replace("targets", "array(1)")));
    assertPlan(
        0,
        rows.selectExpr(
            "transform(array(logits), x -> %s.loss)".formatted(loss.replace("logits", "x"))));
  }

  /** How many times the rows are computed, and whether they come out however they are. */
  private static void assertPlan(int expected, Dataset<Row> rows) {
    String plan = rows.queryExecution().executedPlan().toString();
    assertEquals(expected, plan.split("Ctc ", -1).length - 1, plan);
    assertFalse(rows.collectAsList().isEmpty());
  }

  private static double p(double x, double y, double z) {
    return Math.exp(x) / (Math.exp(x) + Math.exp(y) + Math.exp(z));
  }

  @Test
  @DisplayName("NULL is a status of its row")
  void nulls() {
    assertMessage(
        "logits: expected a value, got NULL", "ctc_greedy(CAST(NULL AS BINARY), frames, classes)");
    assertMessage(
        "frames: expected a value, got NULL", "ctc_greedy(logits, CAST(NULL AS INT), classes)");
    assertMessage(
        "classes: expected a value, got NULL", "ctc_greedy(logits, frames, CAST(NULL AS INT))");
    assertMessage(
        "targets: expected a value, got NULL",
        "ctc_loss(logits, frames, classes, CAST(NULL AS ARRAY<INT>))");
    assertMessage(
        "targets: text needs the option vocabulary", "ctc_loss(logits, frames, classes, 'a')");
  }

  private static void assertMessage(String message, String call) {
    Row row = sql(call).get(0);
    assertEquals("INVALID", row.getAs("status"));
    assertEquals(message, row.getAs("message"));
  }

  @Test
  @DisplayName("Wrong arguments are told before any work")
  void arguments() {
    assertRefused(
        "ctc_loss: expected 4 arguments and perhaps a map of options, got 3",
        "ctc_loss(logits, frames, classes)");
    assertRefused(
        "ctc_align: logits: expected BINARY or ARRAY<FLOAT>, got BIGINT",
        "ctc_align(id, frames, classes, targets)");
    assertRefused(
        "ctc_loss: targets: expected ARRAY<INT> or STRING, got INT",
        "ctc_loss(logits, frames, classes, 7)");
    assertRefused(
        "options: expected names of [backend, beam_width, blank, fallback, input, type, vocabulary], got [blnk]",
        "ctc_greedy(logits, frames, classes, map('blnk', '3'))");
    assertRefused(
        "input: expected one of [logits, log_probs, probabilities, scores], got 'x'",
        "ctc_greedy(logits, frames, classes, map('input', 'x'))");
  }

  private static void assertRefused(String message, String call) {
    Exception e = assertThrows(Exception.class, () -> sql(call));
    assertTrue(e.getMessage().contains(message), e::toString);
  }
}
