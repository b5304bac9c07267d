package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.function.LongConsumer;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpyHeader;
import org.ctc4j.io.NpzReader;

/**
 * A batch as the arrays of an npz file: {@code logits}, {@code targets}, {@code input_lengths},
 * {@code target_lengths}. Everything that can be wrong with them is refused here or by the batch,
 * by name.
 *
 * @param name stands for the file in messages
 * @param batch views of the arrays
 * @param shape of the logits as the file has it
 */
record BatchFile(String name, CtcBatch batch, int[] shape) {
  private static final Set<String> ARRAYS =
      Set.of("logits", "targets", "input_lengths", "target_lengths");

  /**
   * Reads the file that was named, or the sample.
   *
   * @param err told of arrays that are not used
   */
  static BatchFile read(InputOptions options, PrintWriter err) throws IOException {
    return read(options, true, err);
  }

  /** As {@link #read}, without its targets: those of the batch are empty. */
  static BatchFile readLogits(InputOptions options, PrintWriter err) throws IOException {
    return read(options, false, err);
  }

  private static BatchFile read(InputOptions options, boolean withTargets, PrintWriter err)
      throws IOException {
    String name = options.file == null ? Sample.NAME : options.file.toString();
    try (NpzReader npz = options.file == null ? Sample.open() : NpzReader.open(options.file);
        Progress progress = Progress.ofBytes("reading", npz.header("logits").dataBytes())) {
      return read(npz, name, options, withTargets, err, progress::bytes);
    }
  }

  private static BatchFile read(
      NpzReader npz,
      String name,
      InputOptions options,
      boolean withTargets,
      PrintWriter err,
      LongConsumer bytesRead)
      throws IOException {
    try {
      for (String array : npz.names()) {
        if (!ARRAYS.contains(array)) {
          err.println("ctc: note: " + name + ": array '" + array + "' is not used");
        }
      }
      // small arrays first: what is wrong with them is told before gigabytes are read
      int[] shape = logitsShape(npz.header("logits"), options.bfloat16);
      int utterances = options.layout.utterances(shape);
      int frames = options.layout.frames(shape);
      int[] inputLengths =
          npz.contains("input_lengths")
              ? vector(npz.read("input_lengths"), "input_lengths")
              : filled(utterances, frames);
      requireCount("input_lengths", inputLengths.length, utterances);
      Targets targets = withTargets ? targets(npz, utterances) : Targets.of(new int[utterances][0]);
      NpyArray logits = npz.read("logits", bytesRead);
      FrameTensor tensor =
          options.layout.view(
              elements(logits, options.bfloat16), shape, logits.header().fortranOrder());
      CtcBatch batch = CtcBatch.of(tensor, targets, inputLengths);
      refuseNan(batch);
      return new BatchFile(name, batch, shape);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  /** Computes the batch, with a sign of life on the terminal if it takes long. */
  void compute(Ctc ctc, CtcOptions options, CtcResult result, String task) {
    try {
      Progress.during(task, () -> ctc.compute(batch, options, result));
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  private static int[] logitsShape(NpyHeader header, boolean bfloat16) {
    String kind = header.dtype().substring(1);
    String expected = bfloat16 ? "u2 (the bits of bfloat16)" : "f2, f4 or f8";
    if (!(bfloat16 ? Set.of("u2") : Set.of("f2", "f4", "f8")).contains(kind)) {
      throw new InvalidInputException(
          "logits: expected dtype %s, got '%s'%s"
              .formatted(
                  expected,
                  header.dtype(),
                  kind.equals("u2") ? "; --bfloat16 reads it as bfloat16" : ""));
    }
    if (header.rank() != 3) {
      throw new InvalidInputException(
          "logits: expected 3 dimensions, (T, N, C) or (N, T, C), got shape "
              + tuple(header.shape()));
    }
    int[] shape = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      long size = header.shape()[axis];
      if (size > Integer.MAX_VALUE || axis == 2 && size == 0) {
        throw new InvalidInputException(
            "logits: expected every dimension to be at most %d and C at least 1, got shape %s"
                .formatted(Integer.MAX_VALUE, tuple(header.shape())));
      }
      shape[axis] = (int) size;
    }
    return shape;
  }

  private static Elements elements(NpyArray array, boolean bfloat16) throws IOException {
    return switch (array.header().dtype().substring(1)) {
      case "f8" -> Elements.of(array.doubles());
      case "f4" -> Elements.of(array.floats());
      case "f2" -> Elements.float16(ShortBuffer.wrap(array.shorts()));
      default -> Elements.bfloat16(ShortBuffer.wrap(array.shorts()));
    };
  }

  private static Targets targets(NpzReader npz, int utterances) throws IOException {
    NpyArray array = npz.read("targets");
    long[] shape = array.shape();
    int[] lengths = null;
    if (npz.contains("target_lengths")) {
      lengths = vector(npz.read("target_lengths"), "target_lengths");
      requireCount("target_lengths", lengths.length, utterances);
    }
    if (array.rank() == 1) {
      if (lengths == null) {
        throw new InvalidInputException(
            "target_lengths: missing; targets of shape %s are concatenated and need them"
                .formatted(tuple(shape)));
      }
      return Targets.concatenated(array.toIntsExact(), lengths);
    }
    if (array.rank() != 2 || shape[0] != utterances || shape[1] > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "targets: expected shape (N, Lmax) with N = %d, or concatenated labels, got shape %s"
              .formatted(utterances, tuple(shape)));
    }
    int maxLength = (int) shape[1];
    int[] labels =
        array.header().fortranOrder()
            ? transposed(array.toIntsExact(), utterances, maxLength)
            : array.toIntsExact();
    return Targets.padded(
        labels, maxLength, lengths == null ? filled(utterances, maxLength) : lengths);
  }

  private static int[] vector(NpyArray array, String name) throws IOException {
    if (array.rank() != 1) {
      throw new InvalidInputException(
          "%s: expected 1 dimension, (N), got shape %s".formatted(name, tuple(array.shape())));
    }
    return array.toIntsExact();
  }

  private static int[] filled(int count, int value) {
    int[] array = new int[count];
    Arrays.fill(array, value);
    return array;
  }

  private static int[] transposed(int[] fortran, int rows, int columns) {
    int[] c = new int[fortran.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        c[row * columns + column] = fortran[column * rows + row];
      }
    }
    return c;
  }

  /**
   * A NaN in a file is a mistake upstream; the library would report the utterance as NOT_FINITE.
   */
  private static void refuseNan(CtcBatch batch) {
    FrameTensor logits = batch.logits();
    float[] row = new float[logits.classes()];
    for (int n = 0; n < batch.utterances(); n++) {
      for (int t = 0; t < batch.inputLength(n); t++) {
        logits.elements().read(logits.index(t, n, 0), logits.classStride(), row, 0, row.length);
        for (int c = 0; c < row.length; c++) {
          if (Float.isNaN(row[c])) {
            throw new InvalidInputException(
                "logits: utterance %d has NaN at frame %d, class %d, expected a number in [-Infinity, Infinity]"
                    .formatted(n, t, c));
          }
        }
      }
    }
  }

  private static void requireCount(String name, int count, int utterances) {
    if (count != utterances) {
      throw new InvalidInputException(
          "%s: expected %d, one for each utterance of the logits, got %d"
              .formatted(name, utterances, count));
    }
  }

  private static String tuple(long[] shape) {
    return Arrays.toString(shape).replace('[', '(').replace(']', ')');
  }
}
