package org.ctc4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two executors, processes of 1 GB and with a GPU each, as Spark believes. */
class ClusterTest {
  @TempDir private static Path folder;

  private static SparkSession spark;

  @BeforeAll
  static void start() throws Exception {
    Path script = folder.resolve("gpus");
    Files.writeString(script, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"3\"]}'\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    spark =
        LocalSpark.cluster()
            .config("spark.worker.resource.gpu.amount", 1)
            .config("spark.worker.resource.gpu.discoveryScript", script.toString())
            .config("spark.executor.resource.gpu.amount", 1)
            .config("spark.task.resource.gpu.amount", 1)
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  @DisplayName("An executor that is killed in the middle of a job loses nothing")
  void killedExecutor() {
    Corpus corpus = new Corpus(11, 120);
    CompletableFuture<Void> killed = new CompletableFuture<>();
    CompletableFuture<String> removed = new CompletableFuture<>();
    SparkListener killer =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            if (end.taskType().equals("ResultTask") && !killed.isDone()) {
              executors().get(0).destroyForcibly();
              killed.complete(null);
            }
          }

          @Override
          public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
            removed.complete(event.reason());
          }
        };
    FilterFunction<Row> slow =
        row -> {
          Thread.sleep(20);
          return true;
        };
    CtcCounts counts = CtcCounts.register(spark.sparkContext());
    Dataset<Row> scored =
        SparkCtc.of(corpus.rows(spark).repartition(12).filter(slow))
            .withVocabulary(SparkCtcTest.VOCABULARY)
            .withBackend(Backend.CPU)
            .withCounts(counts)
            .compute(CtcOutput.values());
    spark.sparkContext().addSparkListener(killer);
    List<Row> results = new ArrayList<>(scored.collectAsList());
    spark.sparkContext().removeSparkListener(killer);
    assertTrue(killed.isDone());
    assertTrue(removed.isDone(), "an executor was removed");
    results.sort(Comparator.comparingLong(row -> row.<Long>getAs("id")));
    SparkCtcTest.assertSameBits(corpus.batch(), results);
    assertEquals(Map.of(RowStatus.OK, 120L), counts.value());
  }

  private static List<ProcessHandle> executors() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .toList();
  }

  @Test
  @DisplayName("100,000 rows of 1.1 GB in one partition are computed in a heap of 1 GB")
  void largePartition() {
    int count = 100_000;
    MapFunction<Long, Row> row =
        id -> RowFactory.create(id, new Large(id).bytes(), 100, 28, Large.TARGET);
    Dataset<Row> rows = spark.range(0, count, 1, 1).map(row, Encoders.row(Corpus.SCHEMA));
    Row sum =
        SparkCtc.of(rows)
            .withBackend(Backend.CPU)
            .compute(CtcOutput.LOSS)
            .selectExpr("count(*)", "sum(loss)")
            .first();
    double expected = 0;
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      Targets target = Targets.of(Large.TARGET);
      for (long id = 0; id < count; id++) {
        FrameTensor logits = FrameTensor.timeMajor(new Large(id).logits(), 100, 1, 28);
        expected += ctc.loss(CtcBatch.of(logits, target)).loss(0);
      }
    }
    assertEquals(count, sum.getLong(0));
    assertEquals(expected, sum.getDouble(1));
  }

  /** An utterance of 11 kB, quickly made. */
  private record Large(long id) {
    static final int[] TARGET = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5};
    private static final float[] NUMBERS = Corpus.Item.of(12, 0).logits();

    float[] logits() {
      float[] logits = new float[100 * 28];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = NUMBERS[(int) ((i + id) % NUMBERS.length)];
      }
      return logits;
    }

    byte[] bytes() {
      return new Corpus.Item(id, logits(), 100, TARGET).bytes();
    }
  }

  @Test
  @DisplayName("The address that Spark gives a task is the number of its device")
  void device() {
    MapPartitionsFunction<Long, String> key =
        rows ->
            List.of(Engines.key(EngineChoice.DEFAULT, TaskContext.get(), 1).toString()).iterator();
    List<String> keys =
        spark.range(0, 2, 1, 2).mapPartitions(key, Encoders.STRING()).collectAsList();
    String expected = new Engine.Key(Backend.CUDA, 3, 1).toString();
    assertEquals(List.of(expected, expected), keys);
  }

  @Test
  @DisplayName("A GPU that Spark gives and that cannot be used says why, or gives way")
  void gpu() {
    Corpus corpus = new Corpus(13, 20);
    SparkCtc ctc = SparkCtc.of(corpus.rows(spark).repartition(2));
    ctc = ctc.withVocabulary(SparkCtcTest.VOCABULARY);
    Dataset<Row> onGpu = ctc.compute(CtcOutput.values());
    String message = assertThrows(Exception.class, onGpu::collectAsList).toString();
    assertTrue(message.contains("the cuda backend cannot be used: "), message);
    List<Row> results =
        new ArrayList<>(ctc.withFallback(true).compute(CtcOutput.values()).collectAsList());
    results.sort(Comparator.comparingLong(row -> row.<Long>getAs("id")));
    SparkCtcTest.assertSameBits(corpus.batch(), results);
  }
}
