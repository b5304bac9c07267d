package org.ctc4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The application, on the recordings that come with the command line. */
class CtcJobTest {
  private static final Path SAMPLE =
      Path.of("..", "..", "src", "main", "resources", "org", "ctc4j", "cli", "sample");

  @TempDir private Path folder;

  @BeforeEach
  void configure() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.sql.shuffle.partitions", "2");
  }

  @AfterEach
  void restore() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.sql.shuffle.partitions");
  }

  private static String run(String... arguments) {
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      CtcJob.main(arguments);
    } finally {
      System.setOut(out);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName(
      "A folder of npz becomes Parquet with losses and texts, and Parquet becomes it again")
  void speech() throws Exception {
    Path npz = Files.createDirectory(folder.resolve("npz"));
    Files.copy(SAMPLE.resolve("speech.npz"), npz.resolve("speech.npz"));
    String tokens = SAMPLE.resolve("tokens.txt").toString();
    String scored = folder.resolve("scored").toString();
    String table =
        run(npz.toString(), scored, "--compute", "loss,alignment,text", "--vocabulary", tokens);
    assertEquals(
        "status              rows\nOK                     8\nall                    8\n", table);
    List<Double> losses = numbers("\"loss\": ([-0-9.e]+)").stream().map(Double::valueOf).toList();
    List<String> texts = numbers("\"greedy\": \"(.*)\"");
    Path again = folder.resolve("again");
    try (SparkSession spark = LocalSpark.inProcess().getOrCreate()) {
      List<Row> rows = spark.read().parquet(scored).orderBy("utterance").collectAsList();
      assertEquals(8, rows.size());
      for (int n = 0; n < 8; n++) {
        assertEquals(losses.get(n), rows.get(n).<Double>getAs("loss"), 1e-6 * losses.get(n));
        assertEquals(texts.get(n), rows.get(n).getAs("text"));
      }
      assertFalse(List.of(rows.get(0).schema().fieldNames()).contains("logits"));
      NpzRows.read(spark, npz.toString(), "TNC")
          .selectExpr("logits x", "frames", "IF(utterance = 3, 0, classes) c", "'to mute' said")
          .write()
          .parquet(again.toString());
    }
    table =
        run(
            again.toString(),
            scored,
            "--overwrite",
            "--vocabulary",
            tokens,
            "--logits",
            "x",
            "--classes",
            "c",
            "--text",
            "said");
    assertTrue(table.contains("INVALID                1\nOK                     7\n"), table);
  }

  private static List<String> numbers(String pattern) throws Exception {
    Matcher matcher =
        Pattern.compile(pattern).matcher(Files.readString(SAMPLE.resolve("speech.json")));
    return matcher.results().map(result -> result.group(1)).toList();
  }
}
