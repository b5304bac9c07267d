package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongConsumer;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.Targets;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzFormatException;
import org.ctc4j.io.NpzReader;

/**
 * A batch as the arrays of an npz file: {@code logits} or {@code hidden}, {@code targets}, {@code
 * input_lengths}, {@code target_lengths}. Everything that can be wrong with them is refused here or
 * by the batch, by name.
 *
 * @param name stands for the file in messages
 * @param batch views of the arrays; hidden states are in the place of logits
 * @param shape of the logits or hidden states as the file has it
 * @param hasTargets whether those of the batch are of the file; else they are empty
 */
record BatchFile(String name, CtcBatch batch, int[] shape, boolean hasTargets) {
  private static final Set<String> ARRAYS = Set.of("targets", "input_lengths", "target_lengths");

  /**
   * Reads the file that was named, or the sample.
   *
   * @param err told of arrays that are not used
   */
  static BatchFile read(InputOptions options, PrintWriter err) throws IOException {
    return read(options, "logits", Wanted.NEEDED, err);
  }

  /** As {@link #read}, with hidden states in place of logits. */
  static BatchFile readHidden(InputOptions options, PrintWriter err) throws IOException {
    return read(options, "hidden", Wanted.NEEDED, err);
  }

  /** As {@link #read}, without its targets: those of the batch are empty. */
  static BatchFile readLogits(InputOptions options, PrintWriter err) throws IOException {
    return read(options, "logits", Wanted.NOT_AT_ALL, err);
  }

  /** As {@link #read}, with its targets where there are any that can be read; a note if not. */
  static BatchFile readDecodable(InputOptions options, PrintWriter err) throws IOException {
    return read(options, "logits", Wanted.WHERE_THERE, err);
  }

  /** Whether targets are read. */
  private enum Wanted {
    NEEDED,
    WHERE_THERE,
    NOT_AT_ALL
  }

  private static BatchFile read(
      InputOptions options, String frames, Wanted targets, PrintWriter err) throws IOException {
    String name = options.file == null ? Sample.NAME : options.file.toString();
    try (NpzReader npz = options.file == null ? Sample.open() : NpzReader.open(options.file);
        Progress progress = Progress.ofBytes("reading", npz.header(frames).dataBytes())) {
      return read(npz, name, options, frames, targets, err, progress::bytes);
    }
  }

  private static BatchFile read(
      NpzReader npz,
      String name,
      InputOptions options,
      String frames,
      Wanted wanted,
      PrintWriter err,
      LongConsumer bytesRead)
      throws IOException {
    try {
      Set<String> used = new HashSet<>(ARRAYS);
      used.add(frames);
      Messages.noteUnused(name, npz, used, err);
      // small arrays first: what is wrong with them is told before gigabytes are read
      boolean isLogits = frames.equals("logits");
      FloatArrays.requireType(npz.header(frames), frames, options.bfloat16);
      int[] shape =
          FloatArrays.shape(
              npz.header(frames),
              frames,
              3,
              isLogits ? "(T, N, C) or (N, T, C)" : "(T, N, D) or (N, T, D)");
      if (!npz.contains("input_lengths") && !npz.contains("targets")) {
        noteIfSwapped(name, frames, options.layout, shape, err);
      }
      int utterances = options.layout.utterances(shape);
      int[] inputLengths =
          npz.contains("input_lengths")
              ? vector(npz.read("input_lengths"), "input_lengths")
              : filled(utterances, options.layout.frames(shape));
      requireCount("input_lengths", inputLengths.length, shape, options.layout);
      Targets read = targets(npz, name, shape, options.layout, wanted, err);
      Targets targets = read == null ? Targets.of(new int[utterances][0]) : read;
      NpyArray array = npz.read(frames, bytesRead);
      FrameTensor tensor =
          options.layout.view(FloatArrays.elements(array), shape, array.header().fortranOrder());
      CtcBatch batch = CtcBatch.of(tensor, targets, inputLengths);
      refuseNan(batch, frames, isLogits ? "class" : "dimension");
      return new BatchFile(name, batch, shape, read != null);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  /** The same, named together with the file of its projection in messages. */
  BatchFile with(Path projection) {
    return new BatchFile(name + " with " + projection, batch, shape, hasTargets);
  }

  /** The hidden states with what makes logits of them. */
  ProjectedBatch projected(Projection projection) {
    try {
      int[] lengths = new int[batch.utterances()];
      Arrays.setAll(lengths, batch::inputLength);
      return ProjectedBatch.of(batch.logits(), projection, batch.targets(), lengths);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  /** Computes the batch, with a sign of life on the terminal if it takes long. */
  void compute(Ctc ctc, CtcOptions options, CtcResult result, String task) {
    during(task, () -> ctc.compute(batch, options, result));
  }

  /** Does something with the batch; what is refused is told with the name of the file. */
  void during(String task, Runnable work) {
    try {
      Progress.during(task, work);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  /** Where nothing else tells the number of utterances: they are seldom more than frames. */
  private static void noteIfSwapped(
      String name, String frames, Layout layout, int[] shape, PrintWriter err) {
    if (layout.frames(shape) < layout.utterances(shape)) {
      Messages.note(
          err,
          "%s: %s are read as %d utterances of %d frames; if it is the other way round: --layout %s"
              .formatted(
                  name, frames, layout.utterances(shape), layout.frames(shape), layout.other()));
    }
  }

  /** Null where they are not wanted, or there are none and they need not be there. */
  private static Targets targets(
      NpzReader npz, String name, int[] shape, Layout layout, Wanted wanted, PrintWriter err)
      throws IOException {
    if (wanted == Wanted.NEEDED) {
      return targets(npz, shape, layout);
    }
    if (wanted == Wanted.NOT_AT_ALL || !npz.contains("targets")) {
      return null;
    }
    try {
      return targets(npz, shape, layout);
    } catch (InvalidInputException | NpzFormatException e) {
      Messages.note(err, "%s: targets are no references: %s".formatted(name, e.getMessage()));
      return null;
    }
  }

  /**
   * @param frames the shape of the logits
   */
  private static Targets targets(NpzReader npz, int[] frames, Layout layout) throws IOException {
    int utterances = layout.utterances(frames);
    NpyArray array = npz.read("targets");
    long[] shape = array.shape();
    int[] lengths = null;
    if (npz.contains("target_lengths")) {
      lengths = vector(npz.read("target_lengths"), "target_lengths");
      requireCount("target_lengths", lengths.length, frames, layout);
    }
    if (array.rank() == 1) {
      if (lengths == null) {
        throw new InvalidInputException(
            "target_lengths: missing; targets of shape %s are concatenated and need them"
                .formatted(FloatArrays.tuple(shape)));
      }
      return Targets.concatenated(array.toIntsExact(), lengths);
    }
    if (array.rank() != 2 || shape[0] != utterances || shape[1] > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "targets: expected shape (N, Lmax) with N = %d, or concatenated labels, got shape %s%s"
              .formatted(
                  utterances,
                  FloatArrays.tuple(shape),
                  array.rank() == 2 ? hintIfSwapped(shape[0], frames, layout) : ""));
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
          "%s: expected 1 dimension, (N), got shape %s"
              .formatted(name, FloatArrays.tuple(array.shape())));
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
  private static void refuseNan(CtcBatch batch, String name, String axis) {
    FrameTensor logits = batch.logits();
    float[] row = new float[logits.classes()];
    for (int n = 0; n < batch.utterances(); n++) {
      for (int t = 0; t < batch.inputLength(n); t++) {
        logits.elements().read(logits.index(t, n, 0), logits.classStride(), row, 0, row.length);
        for (int c = 0; c < row.length; c++) {
          if (Float.isNaN(row[c])) {
            throw new InvalidInputException(
                "%s: utterance %d has NaN at frame %d, %s %d, expected a number in [-Infinity, Infinity]"
                    .formatted(name, n, t, axis, c));
          }
        }
      }
    }
  }

  private static void requireCount(String name, int count, int[] shape, Layout layout) {
    if (count != layout.utterances(shape)) {
      throw new InvalidInputException(
          "%s: expected %d, one for each utterance of the logits, got %d%s"
              .formatted(
                  name, layout.utterances(shape), count, hintIfSwapped(count, shape, layout)));
    }
  }

  /** What helps where so many utterances are what the other axis has. */
  private static String hintIfSwapped(long utterances, int[] shape, Layout layout) {
    return utterances == layout.frames(shape)
        ? "; that is what it would be with --layout " + layout.other()
        : "";
  }
}
