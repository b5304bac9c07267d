package org.ctc4j.spark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;

/**
 * How much of the library's throughput is left on Spark, and what a function over binary costs
 * beside reading it: the same Parquet files read by both on two threads, in turns, in one process.
 */
final class Throughput {
  private static final int ROWS =
      16_000; // so many that what a job costs however few there are is little
  private static final int FRAMES = 400;
  private static final int CLASSES = 32;
  private static final int LABELS = 80;
  private static final int FILES = 8;
  private static final int BATCH = 16;
  private static final int WARM_UP = 5;

  private final SparkSession spark;
  private final Path parquet;

  private Throughput(SparkSession spark, Path parquet) {
    this.spark = spark;
    this.parquet = parquet;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length == 0 ? 11 : Integer.parseInt(arguments[0]);
    Path folder = Files.createTempDirectory(Path.of("target"), "throughput");
    try (SparkSession spark = LocalSpark.inProcess().getOrCreate()) {
      CtcFunctions.register(spark);
      spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 64); // as CtcJob has it
      Throughput throughput = new Throughput(spark, folder.resolve("rows"));
      throughput.write();
      throughput.measure(rounds);
    }
  }

  private void write() {
    MapFunction<Long, Row> row =
        id -> {
          Random random = new Random(id);
          byte[] bytes = new byte[FRAMES * CLASSES * Float.BYTES];
          ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
          while (buffer.hasRemaining()) {
            buffer.putFloat(3 * (float) random.nextGaussian());
          }
          int[] targets = random.ints(LABELS, 1, CLASSES).toArray();
          return RowFactory.create(id, bytes, FRAMES, CLASSES, targets);
        };
    spark
        .range(0, ROWS, 1, FILES)
        .map(row, Encoders.row(Corpus.SCHEMA))
        .write()
        .parquet(parquet.toString());
  }

  private void measure(int rounds) throws Exception {
    Measure library = new Measure("library alone: losses, Parquet read by parquet-java");
    Measure dataset = new Measure("SparkCtc: losses");
    Measure function = new Measure("ctc_loss: losses");
    Measure reading = new Measure("reading logits on Spark");
    Measure udf = new Measure("a function over logits that computes nothing");
    Measure job = new Measure("a job that reads the numbers of frames");
    for (int round = -WARM_UP; round < rounds; round++) {
      double expected = library.time(round, this::library);
      require(expected, dataset.time(round, this::dataset));
      require(
          expected,
          function.time(round, () -> sum("ctc_loss(logits, frames, classes, targets).loss")));
      reading.time(round, () -> noop("logits"));
      udf.time(round, () -> noop("ctc_greedy(logits, 0, classes).status"));
      job.time(round, () -> noop("frames"));
    }
    System.out.printf(
        "%d rows of T×C×L = %d×%d×%d float32, %d MB in %d files; median and best of %d rounds, local[2]%n%n",
        ROWS,
        FRAMES,
        CLASSES,
        LABELS,
        (long) ROWS * FRAMES * CLASSES * Float.BYTES / 1_000_000,
        FILES,
        rounds);
    System.out.println("| what | ms, median | best | ms on a processor, median | best |");
    System.out.println("|---|---:|---:|---:|---:|");
    for (Measure each : List.of(library, dataset, function, reading, udf, job)) {
      System.out.println(each);
    }
    System.out.printf(
        "%n| ratio | of medians | of bests | on a processor, of medians | of bests |%n|---|---:|---:|---:|---:|%n");
    System.out.println("| throughput, SparkCtc of the library's | " + library.over(dataset));
    System.out.println("| throughput, ctc_loss of the library's | " + library.over(function));
    System.out.println("| time, a function over logits of reading them | " + udf.over(reading));
  }

  /** Sums may differ in the order of rows alone. */
  private static void require(double expected, double sum) {
    if (Math.abs(sum - expected) > 1e-9 * expected) {
      throw new AssertionError("sum of losses: expected %s, got %s".formatted(expected, sum));
    }
  }

  private Dataset<Row> rows() {
    return spark.read().parquet(parquet.toString());
  }

  private double dataset() {
    return SparkCtc.of(rows()).compute(CtcOutput.LOSS).selectExpr("sum(loss)").first().getDouble(0);
  }

  private double sum(String loss) {
    return rows().selectExpr("sum(" + loss + ")").first().getDouble(0);
  }

  private double noop(String column) {
    rows().selectExpr(column).write().format("noop").mode("overwrite").save();
    return 0;
  }

  /** Two threads, each with files and calls of its own. */
  private double library() throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.list(parquet)) {
      files = all.filter(file -> file.toString().endsWith(".parquet")).sorted().toList();
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Ctc ctc = Ctc.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(1))) {
      List<Callable<Double>> tasks = new ArrayList<>();
      for (Path file : files) {
        tasks.add(() -> library(ctc, file));
      }
      double sum = 0;
      for (Future<Double> each : threads.invokeAll(tasks)) {
        sum += each.get();
      }
      return sum;
    } finally {
      threads.shutdown();
    }
  }

  private static double library(Ctc ctc, Path file) throws IOException {
    double sum = 0;
    float[] logits = new float[BATCH * FRAMES * CLASSES];
    int[][] targets = new int[BATCH][LABELS];
    int n = 0;
    try (ParquetReader<Group> reader =
        ParquetReader.builder(
                new GroupReadSupport(), new org.apache.hadoop.fs.Path(file.toString()))
            .build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        ByteBuffer bytes = row.getBinary("logits", 0).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().get(logits, n * FRAMES * CLASSES, FRAMES * CLASSES);
        Group list = row.getGroup("targets", 0);
        for (int i = 0; i < LABELS; i++) {
          targets[n][i] = list.getGroup("list", i).getInteger("element", 0);
        }
        if (++n == BATCH) {
          sum += losses(ctc, logits, targets, n);
          n = 0;
        }
      }
    }
    return n == 0 ? sum : sum + losses(ctc, logits, targets, n);
  }

  private static double losses(Ctc ctc, float[] logits, int[][] targets, int n) {
    float[] used = n == BATCH ? logits : Arrays.copyOf(logits, n * FRAMES * CLASSES);
    FrameTensor tensor = FrameTensor.batchMajor(Elements.of(used), FRAMES, n, CLASSES);
    return ctc.loss(CtcBatch.of(tensor, Targets.of(Arrays.copyOf(targets, n)))).loss();
  }

  /** Times of one of the things, in ms. */
  private static final class Measure {
    private final String name;
    private final List<Double> wall = new ArrayList<>();
    private final List<Double> processor = new ArrayList<>();

    Measure(String name) {
      this.name = name;
    }

    /**
     * @param round below 0: to warm up
     */
    double time(int round, Callable<Double> call) throws Exception {
      long start = System.nanoTime();
      long startProcessor = processorNanos();
      double result = call.call();
      if (round >= 0) {
        wall.add((System.nanoTime() - start) / 1e6);
        processor.add((processorNanos() - startProcessor) / 1e6);
      }
      return result;
    }

    private static long processorNanos() {
      return ((com.sun.management.OperatingSystemMXBean)
              ManagementFactory.getOperatingSystemMXBean())
          .getProcessCpuTime();
    }

    private static double median(List<Double> times) {
      return times.stream().sorted().toList().get(times.size() / 2);
    }

    private static double best(List<Double> times) {
      return times.stream().min(Double::compare).get();
    }

    String over(Measure other) {
      return "%.2f | %.2f | %.2f | %.2f |"
          .formatted(
              median(wall) / median(other.wall),
              best(wall) / best(other.wall),
              median(processor) / median(other.processor),
              best(processor) / best(other.processor));
    }

    @Override
    public String toString() {
      return "| %s | %.0f | %.0f | %.0f | %.0f |"
          .formatted(name, median(wall), best(wall), median(processor), best(processor));
    }
  }
}
