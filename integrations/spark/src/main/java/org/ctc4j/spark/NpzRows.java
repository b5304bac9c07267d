package org.ctc4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.Ints;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzReader;
import scala.collection.mutable.ArraySeq;

/**
 * The utterances of a folder of batches as NumPy has them, {@code .npz}, a row each: the columns
 * {@code file}, {@code utterance} (its number in the file), {@code name} (where the file has {@code
 * names}), {@code logits} (float32, little-endian, the used frames), {@code frames}, {@code
 * classes}, and {@code targets} (null where the file has none).
 *
 * <p>A file has {@code logits} of float32 or float16, (T, N, C), (N, T, C) or (T, C), and may have
 * {@code input_lengths}, {@code targets} and {@code target_lengths}, as the command line takes it.
 * A task holds a file at a time.
 */
public final class NpzRows {
  private static final StructType SCHEMA =
      new StructType()
          .add("file", DataTypes.StringType, false)
          .add("utterance", DataTypes.IntegerType, false)
          .add("name", DataTypes.StringType)
          .add("logits", DataTypes.BinaryType, false)
          .add("frames", DataTypes.IntegerType, false)
          .add("classes", DataTypes.IntegerType, false)
          .add("targets", DataTypes.createArrayType(DataTypes.IntegerType, false));

  private static final Set<Integer> PADDING = Set.of(-1, -100);

  private NpzRows() {}

  /**
   * Lazy; a file that is no such batch fails its task.
   *
   * @param path a folder, or a file, anywhere that Spark reads from
   * @param axes "TNC" or "NTC", the order of the logits' dimensions
   */
  public static Dataset<Row> read(SparkSession spark, String path, String axes) {
    if (!axes.equals("TNC") && !axes.equals("NTC")) {
      throw new InvalidInputException("axes: expected TNC or NTC, got " + axes);
    }
    FlatMapFunction<Row, Row> rows = file -> rows(file.getString(0), file.getAs(1), axes);
    return spark
        .read()
        .format("binaryFile")
        .option("pathGlobFilter", "*.npz")
        .load(path)
        .select("path", "content")
        .flatMap(rows, Encoders.row(SCHEMA));
  }

  private static Iterator<Row> rows(String path, byte[] content, String axes) {
    try (NpzReader npz = NpzReader.open(path, content)) {
      FrameTensor logits = logits(npz.read("logits"), axes);
      int[] frames = npz.contains("input_lengths") ? npz.read("input_lengths").toIntsExact() : null;
      Targets targets = npz.contains("targets") ? targets(npz, logits.utterances()) : null;
      String[] names = npz.contains("names") ? npz.read("names").strings() : null;
      requireOneEach("input_lengths", frames == null ? -1 : frames.length, logits);
      requireOneEach("targets", targets == null ? -1 : targets.utterances(), logits);
      requireOneEach("names", names == null ? -1 : names.length, logits);
      List<Row> rows = new ArrayList<>();
      for (int n = 0; n < logits.utterances(); n++) {
        int used = frames == null ? logits.frames() : frames[n];
        rows.add(
            RowFactory.create(
                path,
                n,
                names == null ? null : names[n],
                bytes(logits, n, used),
                used,
                logits.classes(),
                targets == null ? null : ArraySeq.make(labels(targets, n))));
      }
      return rows.iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": " + e.getMessage(), e);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(path + ": " + e.getMessage());
    }
  }

  private static FrameTensor logits(NpyArray array, String axes) throws IOException {
    Elements elements =
        array.header().dtype().endsWith("f2")
            ? Elements.float16(array.shorts())
            : Elements.of(array.floats());
    int[] sizes = Ints.of(array.shape());
    if (sizes.length == 2) {
      sizes = new int[] {1, sizes[0], sizes[1]};
      axes = "NTC";
    }
    if (sizes.length != 3 || array.header().fortranOrder()) {
      throw new InvalidInputException(
          "logits: expected (T, N, C), (N, T, C) or (T, C) in C order, got " + array.header());
    }
    return FrameTensor.of(elements, axes, sizes);
  }

  private static Targets targets(NpzReader npz, int utterances) throws IOException {
    NpyArray array = npz.read("targets");
    int[] labels = array.toIntsExact();
    if (array.header().fortranOrder()) {
      throw new InvalidInputException("targets: expected C order, got " + array.header());
    }
    if (npz.contains("target_lengths")) {
      int[] lengths = npz.read("target_lengths").toIntsExact();
      return array.rank() == 1
          ? Targets.concatenated(labels, lengths)
          : Targets.padded(labels, (int) array.shape()[1], lengths);
    }
    if (array.rank() == 1 && utterances == 1) {
      return Targets.padded(labels, labels.length, unpadded(labels, 1, labels.length));
    }
    if (array.rank() != 2 || array.shape()[0] != utterances) {
      throw new InvalidInputException(
          "targets: expected (N, Lmax) with N = %d, or target_lengths, got %s"
              .formatted(utterances, array.header()));
    }
    int width = (int) array.shape()[1];
    return Targets.padded(labels, width, unpadded(labels, utterances, width));
  }

  /** Lengths without what PyTorch's and TensorFlow's users fill up with. */
  private static int[] unpadded(int[] labels, int utterances, int width) {
    int[] lengths = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      lengths[n] = width;
      while (lengths[n] > 0 && PADDING.contains(labels[n * width + lengths[n] - 1])) {
        lengths[n]--;
      }
    }
    return lengths;
  }

  /**
   * @param count −1: there are none
   */
  private static void requireOneEach(String name, int count, FrameTensor logits) {
    if (count >= 0 && count != logits.utterances()) {
      throw new InvalidInputException(
          "%s: expected one for each of the %d utterances, got %d"
              .formatted(name, logits.utterances(), count));
    }
  }

  private static byte[] bytes(FrameTensor logits, int n, int frames) {
    if (frames < 0 || frames > logits.frames()) {
      throw new InvalidInputException(
          "input_lengths: utterance %d has %d, expected a number in [0, %d]"
              .formatted(n, frames, logits.frames()));
    }
    int classes = logits.classes();
    byte[] bytes = new byte[Math.multiplyExact(Math.multiplyExact(frames, classes), Float.BYTES)];
    ByteBuffer buffer = Utterance.littleEndian(ByteBuffer.wrap(bytes));
    float[] row = new float[classes];
    for (int t = 0; t < frames; t++) {
      logits.elements().read(logits.index(t, n, 0), logits.classStride(), row, 0, classes);
      buffer.asFloatBuffer().put(row);
      buffer.position(buffer.position() + classes * Float.BYTES);
    }
    return bytes;
  }

  private static int[] labels(Targets targets, int n) {
    int[] labels = new int[targets.length(n)];
    targets.copyTo(n, labels);
    return labels;
  }
}
