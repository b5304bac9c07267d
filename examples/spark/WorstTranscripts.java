import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.size;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.ctc4j.spark.CtcCounts;
import org.ctc4j.spark.CtcOutput;
import org.ctc4j.spark.NpzRows;
import org.ctc4j.spark.SparkCtc;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Vocabulary;

/** Which transcripts of a corpus fit their recordings least: by loss, for each of their labels. */
class WorstTranscripts {
  /**
   * @param arguments folder of .npz, file of the tokens, folder of the results
   */
  public static void main(String[] arguments) throws Exception {
    Vocabulary vocabulary = Vocabulary.read(Path.of(arguments[1]));
    String logits = arguments[2] + "/logits.parquet";
    String scored = arguments[2] + "/scored.parquet";
    try (SparkSession spark = SparkSession.builder().appName("worst transcripts").getOrCreate()) {
      // a recording a row; Spark reads what is to be computed from here as often as it likes
      NpzRows.read(spark, arguments[0], "TNC").write().mode("overwrite").parquet(logits);

      CtcCounts counts = CtcCounts.register(spark.sparkContext());
      SparkCtc.of(spark.read().parquet(logits))
          .withVocabulary(vocabulary)
          .withCounts(counts)
          .compute(CtcOutput.LOSS, CtcOutput.ALIGNMENT, CtcOutput.TEXT)
          .drop("logits")
          .write()
          .mode("overwrite")
          .parquet(scored);
      System.out.println("rows by status: " + counts);

      Dataset<Row> rows = spark.read().parquet(scored);
      List<Row> worst =
          rows.filter(col("status").equalTo("OK"))
              .withColumn("nats_per_label", col("loss").divide(size(col("targets"))))
              .orderBy(col("nats_per_label").desc())
              .limit(10)
              .collectAsList();
      for (Row row : worst) {
        print(row, vocabulary);
      }
      System.out.println("all rows: " + scored);
    }
  }

  private static void print(Row row, Vocabulary vocabulary) {
    int[] labels =
        row.<Integer>getList(row.fieldIndex("targets")).stream().mapToInt(i -> i).toArray();
    String transcript = vocabulary.text(labels);
    String decoded = row.getAs("text");
    System.out.printf(
        "%nutterance %d: %.3f nats a label, %.0f %% of words wrong%n",
        row.<Integer>getAs("utterance"),
        row.<Double>getAs("nats_per_label"),
        100 * ErrorCounts.words(transcript, decoded).rate());
    System.out.println("  transcript  " + transcript);
    System.out.println("  decoded     " + decoded);
    row.<Row>getList(row.fieldIndex("alignment")).stream()
        .min((a, b) -> Double.compare(a.getDouble(3), b.getDouble(3)))
        .ifPresent(
            span ->
                System.out.printf(
                    "  least sure of '%s', frames %d to %d%n",
                    vocabulary.token(span.getInt(0)), span.getInt(1), span.getInt(2)));
  }
}
