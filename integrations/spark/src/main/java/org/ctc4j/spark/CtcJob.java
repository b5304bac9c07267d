package org.ctc4j.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.ElementType;
import org.ctc4j.InputKind;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * An application for {@code spark-submit}: reads Parquet or a folder of {@code .npz}, writes
 * Parquet, and prints how many rows there are of each status.
 */
@Command(
    name = "ctc4j-spark",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Scores, aligns and decodes the rows of Parquet, or a folder of .npz files.")
public final class CtcJob implements Callable<Integer> {
  /** Of Spark: 4096 rows of logits without this, which may be more than the heap. */
  private static final String READER_ROWS = "spark.sql.parquet.columnarReaderBatchSize";

  @Parameters(
      paramLabel = "INPUT",
      description = "Parquet, or a folder of .npz files, anywhere that Spark reads from")
  private String input;

  @Parameters(
      paramLabel = "OUTPUT",
      description =
          "where to write Parquet: the columns of the input but the logits, status, message, and what is computed")
  private String output;

  @Option(
      names = "--compute",
      split = ",",
      defaultValue = "LOSS",
      description = "some of: ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private CtcOutput[] outputs;

  @Option(names = "--vocabulary", description = "what the classes are called, a file on the driver")
  private Path vocabularyFile;

  @Option(
      names = "--logits",
      defaultValue = "logits",
      description = "column of the logits; default: ${DEFAULT-VALUE}")
  private String logits;

  @Option(
      names = "--frames",
      defaultValue = "frames",
      description = "column of the numbers of frames; default: ${DEFAULT-VALUE}")
  private String frames;

  @Option(
      names = "--classes",
      defaultValue = "classes",
      description = "column of the numbers of classes, or a number; default: ${DEFAULT-VALUE}")
  private String classes;

  @Option(
      names = "--targets",
      defaultValue = "targets",
      description = "column of the labels; default: ${DEFAULT-VALUE}")
  private String targets;

  @Option(names = "--text", description = "column of the transcripts, instead of labels")
  private String text;

  @Option(
      names = "--axes",
      defaultValue = "TNC",
      description = "of .npz: TNC or NTC; default: ${DEFAULT-VALUE}")
  private String axes;

  @Option(
      names = "--type",
      defaultValue = "FLOAT32",
      description = "of binary logits: ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private ElementType type;

  @Option(
      names = "--input",
      defaultValue = "LOGITS",
      description = "what the numbers are: ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private InputKind kind;

  @Option(names = "--blank", description = "class of the blank; default: the vocabulary's, else 0")
  private Integer blank;

  @Option(names = "--beam", description = "decode by a beam of so many prefixes")
  private Integer beam;

  @Option(
      names = "--batch-size",
      description = "rows in a call; default: 64 on a GPU, else the processors of a task")
  private Integer batchSize;

  @Option(
      names = "--backend",
      description =
          "${COMPLETION-CANDIDATES}; default: the GPU that Spark gives a task, if it gives one, else CPU")
  private Backend backend;

  @Option(names = "--fallback", description = "a GPU that fails gives way to the processors")
  private boolean hasFallback;

  @Option(names = "--strict", description = "a row that cannot be used fails the job")
  private boolean isStrict;

  @Option(names = "--overwrite", description = "replace what is at OUTPUT")
  private boolean overwrites;

  private CtcJob() {}

  public static void main(String[] arguments) {
    int code =
        new CommandLine(new CtcJob()).setCaseInsensitiveEnumValuesAllowed(true).execute(arguments);
    if (code != 0) {
      System.exit(code);
    }
  }

  @Override
  public Integer call() throws IOException {
    try (SparkSession spark = SparkSession.builder().appName("ctc4j").getOrCreate()) {
      if (!spark.sparkContext().getConf().contains(READER_ROWS)) {
        spark.conf().set(READER_ROWS, 64);
      }
      Dataset<Row> scored = ctc(rows(spark)).compute(outputs).drop(logits);
      scored.write().mode(overwrites ? SaveMode.Overwrite : SaveMode.ErrorIfExists).parquet(output);
      print(spark.read().parquet(output));
    }
    return 0;
  }

  private Dataset<Row> rows(SparkSession spark) throws IOException {
    return isNpz(spark) ? NpzRows.read(spark, input, axes) : spark.read().parquet(input);
  }

  private boolean isNpz(SparkSession spark) throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(input);
    FileSystem files = path.getFileSystem(spark.sparkContext().hadoopConfiguration());
    for (FileStatus file : files.listStatus(path)) {
      if (file.getPath().getName().endsWith(".npz")) {
        return true;
      }
    }
    return false;
  }

  private SparkCtc ctc(Dataset<Row> rows) throws IOException {
    SparkCtc ctc = SparkCtc.of(rows).withLogits(logits).withFrames(frames).withType(type);
    ctc =
        classes.matches("\\d+")
            ? ctc.withClasses(Integer.parseInt(classes))
            : ctc.withClasses(classes);
    ctc = text == null ? ctc.withTargets(targets) : ctc.withText(text);
    ctc = ctc.withBackend(backend).withFallback(hasFallback).withStrict(isStrict);
    int blankClass = 0;
    if (vocabularyFile != null) {
      Vocabulary vocabulary = Vocabulary.read(vocabularyFile);
      ctc = ctc.withVocabulary(vocabulary);
      blankClass = vocabulary.blank().orElse(0);
    }
    blankClass = blank == null ? blankClass : blank;
    ctc = ctc.withOptions(CtcOptions.DEFAULT.withBlank(blankClass).withInput(kind));
    ctc = beam == null ? ctc : ctc.withBeam(BeamOptions.DEFAULT.withBeamWidth(beam));
    return batchSize == null ? ctc : ctc.withBatchSize(batchSize);
  }

  /** Of what was written, so that nothing counts twice and nothing is missed. */
  private static void print(Dataset<Row> written) {
    List<Row> counts = written.groupBy("status").count().orderBy("status").collectAsList();
    System.out.printf("%-12s%12s%n", "status", "rows");
    for (Row row : counts) {
      System.out.printf("%-12s%12d%n", row.getString(0), row.getLong(1));
    }
    System.out.printf("%-12s%12d%n", "all", counts.stream().mapToLong(row -> row.getLong(1)).sum());
  }
}
