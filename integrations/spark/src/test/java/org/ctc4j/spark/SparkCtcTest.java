package org.ctc4j.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelSpan;
import org.ctc4j.Targets;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a Dataset against one call of the library, in one process. */
class SparkCtcTest {
  static final Vocabulary VOCABULARY =
      Vocabulary.of(
          List.of("<blank>", "<space>", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
  private static final CtcOutput[] ALL = CtcOutput.values();

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = LocalSpark.inProcess().getOrCreate();
    CtcFunctions.register(spark);
  }

  @AfterAll
  static void stop() {
    assertEquals(1, Engines.open(), "engines of one backend");
    spark.stop();
    assertEquals(0, Engines.open(), "engines after the application");
  }

  private static List<Row> sorted(Dataset<Row> rows) {
    return rows.orderBy("id").collectAsList();
  }

  /** Of a batch, from one call for each thing. */
  static void assertSameBits(CtcBatch batch, List<Row> rows) {
    assertEquals(batch.utterances(), rows.size());
    try (Ctc ctc = Ctc.create(Backend.CPU);
        CtcAligner aligner = CtcAligner.create(Backend.CPU)) {
      CtcResult result = ctc.loss(batch);
      List<CtcPath> paths = aligner.align(batch);
      int[] frames = new int[rows.size()];
      for (int n = 0; n < frames.length; n++) {
        frames[n] = batch.inputLength(n);
      }
      List<CtcPath> decoded = CtcDecoder.create().greedy(batch.logits(), frames);
      for (int n = 0; n < rows.size(); n++) {
        Row row = rows.get(n);
        assertEquals(n, row.<Long>getAs("id"));
        assertEquals(result.status(n).name(), row.getAs("status"));
        assertEquals(result.loss(n), row.<Double>getAs("loss"));
        assertEquals(spans(paths.get(n)), row.getList(row.fieldIndex("alignment")));
        assertEquals(VOCABULARY.text(decoded.get(n).labels()), row.<String>getAs("text"));
        assertArrayEquals(
            decoded.get(n).labels(),
            row.<Integer>getList(row.fieldIndex("labels")).stream().mapToInt(i -> i).toArray());
      }
    }
  }

  private static List<Row> spans(CtcPath path) {
    List<Row> spans = new ArrayList<>();
    for (LabelSpan span : path.spans()) {
      spans.add(
          RowFactory.create(span.label(), span.start(), span.end(), span.meanLogProbability()));
    }
    return spans;
  }

  @Test
  @DisplayName("The bits are those of one call, however rows are partitioned and batched")
  void sameBits() {
    Corpus corpus = new Corpus(1, 60);
    for (int[] sizes : new int[][] {{1, 64}, {3, 5}, {7, 1}}) {
      Dataset<Row> rows = corpus.rows(spark).repartition(sizes[0]);
      Dataset<Row> scored =
          SparkCtc.of(rows).withVocabulary(VOCABULARY).withBatchSize(sizes[1]).compute(ALL);
      assertSameBits(corpus.batch(), sorted(scored));
    }
  }

  @Test
  @DisplayName("A task that is killed and tried again gives the same, and rows count once")
  void killedTask() {
    Corpus corpus = new Corpus(2, 60);
    Set<Integer> killed = ConcurrentHashMap.newKeySet();
    SparkListener killer =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            if (start.taskInfo().attemptNumber() == 0 && killed.add(start.taskInfo().index())) {
              spark.sparkContext().killTaskAttempt(start.taskInfo().taskId(), true, "for a test");
            }
          }
        };
    Dataset<Row> rows = corpus.rows(spark).repartition(4).cache();
    rows.count();
    CtcCounts counts = CtcCounts.register(spark.sparkContext());
    // slow enough to be met at work
    Dataset<Row> slow =
        rows.filter(
            (FilterFunction<Row>)
                row -> {
                  Thread.sleep(20);
                  return true;
                });
    Dataset<Row> scored =
        SparkCtc.of(slow)
            .withVocabulary(VOCABULARY)
            .withBatchSize(4)
            .withCounts(counts)
            .compute(ALL);
    List<Row> results;
    spark.sparkContext().addSparkListener(killer);
    try {
      results = new ArrayList<>(scored.collectAsList());
    } finally {
      spark.sparkContext().removeSparkListener(killer);
      rows.unpersist();
    }
    assertFalse(killed.isEmpty());
    results.sort(Comparator.comparingLong(row -> row.<Long>getAs("id")));
    assertSameBits(corpus.batch(), results);
    assertEquals(Map.of(RowStatus.OK, 60L), counts.value());
    assertEquals("OK: 60", counts.toString());
  }

  @Test
  @DisplayName("float16 and arrays of floats give what the library gives for them")
  void forms() {
    Corpus corpus = new Corpus(3, 20);
    Dataset<Row> rows = corpus.rows(spark);
    List<Row> binary = sorted(SparkCtc.of(rows).compute(CtcOutput.LOSS));
    Dataset<Row> arrays =
        spark.createDataFrame(
            corpus.items.stream()
                .map(i -> RowFactory.create(i.id(), i.logits(), (long) i.frames(), i.targets()))
                .toList(),
            new StructType()
                .add("id", "long")
                .add("x", "array<float>")
                .add("t", "long")
                .add("y", "array<int>"));
    List<Row> floats =
        sorted(
            SparkCtc.of(arrays)
                .withLogits("x")
                .withFrames("t")
                .withClasses(Corpus.CLASSES)
                .withTargets("y")
                .compute(CtcOutput.LOSS));
    for (int n = 0; n < binary.size(); n++) {
      assertEquals(binary.get(n).<Double>getAs("loss"), floats.get(n).<Double>getAs("loss"));
    }
    short[] half = {0, 0x4000, 0x3c00, 0x4200, 0, 0}; // 0 2 1 / 3 0 0
    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asShortBuffer().put(half);
    Row row = RowFactory.create(0L, bytes.array(), 2, 3, new int[] {1});
    Row result =
        SparkCtc.of(spark.createDataFrame(List.of(row), Corpus.SCHEMA))
            .withType(ElementType.FLOAT16)
            .withFrames(null)
            .compute(CtcOutput.LOSS)
            .first();
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      FrameTensor tensor = FrameTensor.timeMajor(Elements.float16(half), 2, 1, 3);
      assertEquals(
          ctc.loss(CtcBatch.of(tensor, Targets.of(new int[] {1}))).loss(0),
          result.<Double>getAs("loss"));
    }
  }

  @Test
  @DisplayName("A beam search gives the best output and its confidence")
  void beam() {
    Corpus corpus = new Corpus(4, 10);
    BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(8);
    List<Row> rows =
        sorted(
            SparkCtc.of(corpus.rows(spark))
                .withBeam(beam)
                .compute(CtcOutput.LABELS, CtcOutput.CONFIDENCE));
    CtcBatch batch = corpus.batch();
    int[] frames = corpus.items.stream().mapToInt(Corpus.Item::frames).toArray();
    List<CtcNBest> nBests =
        CtcDecoder.create().beamSearch(batch.logits(), frames, CtcOptions.DEFAULT, beam);
    for (int n = 0; n < rows.size(); n++) {
      Row row = rows.get(n);
      assertArrayEquals(
          nBests.get(n).best().labels(),
          row.<Integer>getList(row.fieldIndex("labels")).stream().mapToInt(i -> i).toArray());
      double confidence = row.<Double>getAs("confidence");
      assertTrue(confidence > 0 && confidence <= 1, () -> "confidence " + confidence);
    }
  }

  @Test
  @DisplayName("Rows of Parquet are computed in its columns or in rows, in batches or one by one")
  void parquet(@TempDir Path folder) {
    Corpus corpus = new Corpus(8, 40);
    corpus.rows(spark).repartition(1).write().parquet(folder.resolve("rows").toString());
    for (boolean isColumnar : new boolean[] {true, false}) {
      spark.conf().set("spark.sql.parquet.enableVectorizedReader", isColumnar);
      for (int size : new int[] {1, 7}) {
        spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 16);
        Dataset<Row> rows = spark.read().parquet(folder.resolve("rows").toString());
        SparkCtc ctc = SparkCtc.of(rows).withVocabulary(VOCABULARY).withBatchSize(size);
        assertSameBits(corpus.batch(), sorted(ctc.compute(ALL)));
        assertEquals(corpus.items.size(), ctc.compute(ALL).drop("logits").distinct().count());
      }
    }
    spark.conf().unset("spark.sql.parquet.enableVectorizedReader");
    spark.conf().unset("spark.sql.parquet.columnarReaderBatchSize");
  }

  @Test
  @DisplayName("Results join with themselves, and come from a cache")
  void joined() {
    Dataset<Row> scored = SparkCtc.of(new Corpus(9, 10).rows(spark)).compute(CtcOutput.LOSS);
    assertEquals(
        10,
        scored
            .join(scored.withColumnRenamed("loss", "other"), "id")
            .filter("loss = other")
            .count());
    Dataset<Row> cached = scored.cache();
    assertEquals(10, cached.count());
    String plan = scored.select("loss").queryExecution().executedPlan().toString();
    assertTrue(plan.contains("InMemoryTableScan"), plan);
    cached.unpersist();
  }

  private static Row bad(long id, Object logits, Object frames, Object classes, Object targets) {
    return RowFactory.create(id, logits, frames, classes, targets);
  }

  @Test
  @DisplayName("Rows that cannot be used say why, and the others come out as they are")
  void badRows() {
    Corpus corpus = new Corpus(5, 30);
    byte[] two = new byte[2 * 12 * 4];
    byte[] nan = two.clone();
    ByteBuffer.wrap(nan).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * (12 + 5), Float.NaN);
    byte[] blocked = two.clone();
    ByteBuffer.wrap(blocked)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(4, Float.NEGATIVE_INFINITY)
        .putFloat(4 * 13, Float.NEGATIVE_INFINITY);
    int[] one = {1};
    Map<Row, String> bad = new LinkedHashMap<>();
    bad.put(
        bad(100, new byte[95], 1, 12, one),
        "INVALID logits: expected a multiple of 48 bytes, frames of 12 classes of FLOAT32, got 95 bytes");
    bad.put(bad(101, two, 3, 12, one), "INVALID frames: expected a number in [0, 2], got 3");
    bad.put(bad(102, two, 2, 0, one), "INVALID classes: expected 1 or more, got 0");
    bad.put(
        bad(103, two, 2, 12, new int[] {1, 12}),
        "INVALID targets: utterance 0 has label 12 at position 1, expected a class in [0, 12)");
    bad.put(
        bad(104, two, 2, 12, new int[] {0}),
        "INVALID targets: utterance 0 has the blank, 0, at position 0; a target holds labels only");
    bad.put(
        bad(105, nan, 2, 12, one),
        "NOT_FINITE logits: frame 1, class 5: expected a number below Infinity, got NaN");
    bad.put(
        bad(106, two, 2, 12, new int[] {1, 1}),
        "INFEASIBLE targets: 2 labels, 1 of them repeats, need 3 frames or more, got 2");
    bad.put(
        bad(107, blocked, 2, 12, one), "INFEASIBLE logits: a probability of 0 blocks every path");
    bad.put(bad(108, null, 2, 12, one), "INVALID logits: expected a value, got NULL");
    bad.put(bad(109, two, null, 12, one), "INVALID frames: expected a value, got NULL");
    bad.put(bad(110, two, 2, null, one), "INVALID classes: expected a value, got NULL");
    bad.put(bad(111, two, 2, 12, null), "INVALID targets: expected a value, got NULL");
    bad.put(bad(112, two, 2, 12, new Integer[] {1, null}), "INVALID targets: position 1 is NULL");
    Dataset<Row> rows =
        corpus
            .rows(spark)
            .union(spark.createDataFrame(List.copyOf(bad.keySet()), Corpus.SCHEMA))
            .repartition(3);
    CtcCounts counts = CtcCounts.register(spark.sparkContext());
    SparkCtc ctc = SparkCtc.of(rows).withVocabulary(VOCABULARY).withCounts(counts);
    List<Row> results = sorted(ctc.compute(ALL).cache());
    assertSameBits(corpus.batch(), results.subList(0, 30));
    List<String> messages = new ArrayList<>();
    for (Row row : results.subList(30, results.size())) {
      messages.add(row.getAs("status") + " " + row.getAs("message"));
      if (row.getAs("status").equals("INVALID")) {
        assertNull(row.getAs("loss"));
      }
    }
    assertEquals(List.copyOf(bad.values()), messages);
    assertEquals(
        Map.of(
            RowStatus.OK,
            30L,
            RowStatus.INFEASIBLE,
            2L,
            RowStatus.NOT_FINITE,
            1L,
            RowStatus.INVALID,
            10L),
        counts.value());
    List<Row> byFunction =
        sorted(rows.withColumn("r", expr("ctc_loss(logits, frames, classes, targets)")));
    for (int n = 0; n < results.size(); n++) {
      Row loss = byFunction.get(n).getAs("r");
      assertEquals(results.get(n).<String>getAs("status"), loss.getAs("status"));
      assertEquals(results.get(n).<Double>getAs("loss"), loss.<Double>getAs("loss"));
    }
    Exception e =
        assertThrows(
            Exception.class, () -> ctc.withStrict(true).compute(CtcOutput.LOSS).collectAsList());
    assertTrue(
        e.toString().matches("(?s).*partition \\d, row \\d+: (INVALID|INF|NOT).*"), e::toString);
  }

  @Test
  @DisplayName("What is no probability is a row's fault, not the batch's")
  void badProbabilities() {
    float[] good = {0.5f, 0.25f, 0.25f};
    float[] bad = {0.5f, 41, 0.25f};
    List<Row> rows = new ArrayList<>();
    for (int n = 0; n < 9; n++) {
      rows.add(RowFactory.create((long) n, n == 4 ? bad : good));
    }
    Dataset<Row> data =
        spark.createDataFrame(
            rows, new StructType().add("id", "long").add("logits", "array<float>"));
    List<Row> results =
        sorted(
            SparkCtc.of(data.repartition(1))
                .withClasses(3)
                .withFrames(null)
                .withOptions(CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES))
                .compute(CtcOutput.LABELS));
    for (int n = 0; n < 9; n++) {
      assertEquals(n == 4 ? "INVALID" : "OK", results.get(n).getAs("status"));
    }
    String message = results.get(4).getAs("message");
    assertTrue(message.contains("41"), message);
  }

  @Test
  @DisplayName("Text is spelled by the vocabulary, and what it cannot spell is told")
  void text() {
    Corpus corpus = new Corpus(6, 2);
    Dataset<Row> rows =
        corpus.rows(spark).withColumn("said", expr("if(id = 0, 'a bad face', 'xylophone')"));
    List<Row> results =
        sorted(
            SparkCtc.of(rows).withVocabulary(VOCABULARY).withText("said").compute(CtcOutput.LOSS));
    Dataset<Row> labels =
        rows.withColumn("y", expr("array(2,1,3,2,5,1,7,2,4,6)")).filter(col("id").equalTo(0));
    assertEquals(
        SparkCtc.of(labels).withTargets("y").compute(CtcOutput.LOSS).first().<Double>getAs("loss"),
        results.get(0).<Double>getAs("loss"));
    assertEquals("INVALID", results.get(1).getAs("status"));
    assertTrue(results.get(1).<String>getAs("message").contains("'x'"), results::toString);
  }

  @Test
  @DisplayName("Columns that are not there, or not of their type, are told before any work")
  void columns() {
    Dataset<Row> rows = new Corpus(7, 1).rows(spark);
    assertMessage(
        "column y: expected ARRAY<INT>, but there is none of this name among [id, logits, frames, classes, targets]",
        () -> SparkCtc.of(rows).withTargets("y").compute(CtcOutput.LOSS));
    assertMessage(
        "column id: expected BINARY or ARRAY<FLOAT>, got BIGINT",
        () -> SparkCtc.of(rows).withLogits("id").compute(CtcOutput.LOSS));
    assertMessage(
        "column loss: the rows have one already; expected none, for the result",
        () -> SparkCtc.of(rows.withColumn("loss", col("id"))).compute(CtcOutput.LOSS));
    assertMessage(
        "text needs a vocabulary: withVocabulary", () -> SparkCtc.of(rows).compute(CtcOutput.TEXT));
    assertMessage("outputs: expected one or more, got none", () -> SparkCtc.of(rows).compute());
    assertMessage(
        "batch size: expected 1 or more, got 0", () -> SparkCtc.of(rows).withBatchSize(0));
  }

  private static void assertMessage(String message, Executable call) {
    assertEquals(message, assertThrows(InvalidInputException.class, call).getMessage());
  }
}
