package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import org.ctc4j.CtcBatch;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzFormatException;
import org.ctc4j.io.NpzReader;

/** Reads a {@link BatchFile}. */
final class BatchReader {
  private static final String NAMES = "names";
  private static final String BOXES = "boxes";

  private final InputOptions options;
  private final ArrayOptions arrays;
  private final boolean isLogits;
  private final String frames;
  private final String name;
  private final PrintWriter err;

  /** Whether targets are read. */
  enum Wanted {
    NEEDED,
    WHERE_THERE,
    NOT_AT_ALL
  }

  /**
   * @param frames what the array of frames is called where nobody said otherwise
   * @param err told of arrays that are not used
   */
  BatchReader(InputOptions options, String frames, PrintWriter err) {
    this.options = options;
    this.arrays = options.arrays;
    this.isLogits = frames.equals("logits");
    this.frames = arrays.logits == null ? frames : arrays.logits;
    this.name = InputFile.name(options.file);
    this.err = err;
  }

  BatchFile read(Wanted targets) throws IOException {
    try (NpzReader npz = InputFile.open(options, frames);
        Progress progress = Progress.ofBytes("reading", npz.header(frames).dataBytes())) {
      return read(npz, targets, progress::bytes);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  private BatchFile read(NpzReader npz, Wanted wanted, LongConsumer bytesRead) throws IOException {
    TargetArrays targetArrays = new TargetArrays(npz, arrays);
    String lengths = arrays.inputLengths == null ? "input_lengths" : arrays.inputLengths;
    Set<String> used = new HashSet<>(targetArrays.names());
    used.addAll(Set.of(frames, lengths, NAMES, BOXES));
    Messages.noteUnused(name, npz, used, err);
    // small arrays first: what is wrong with them is told before gigabytes are read
    FloatArrays.requireType(npz.header(frames), frames, options.bfloat16);
    int[] shape = shape(npz);
    boolean hasLengths = npz.contains(lengths) || arrays.inputLengths != null;
    if (!hasLengths && !targetArrays.areThere()) {
      noteIfSwapped(shape);
    }
    int utterances = options.layout.utterances(shape);
    int[] inputLengths =
        hasLengths
            ? TargetArrays.vector(npz.read(lengths), lengths)
            : TargetArrays.filled(utterances, options.layout.frames(shape));
    TargetArrays.requireCount(lengths, inputLengths.length, shape, options.layout);
    Targets read = targets(targetArrays, shape, wanted);
    Targets targets = read == null ? Targets.of(new int[utterances][0]) : read;
    List<String> names = names(npz, utterances);
    double[][] boxes = boxes(npz, utterances);
    NpyArray array = npz.read(frames, bytesRead);
    FrameTensor tensor =
        options.layout.view(FloatArrays.elements(array), shape, array.header().fortranOrder());
    CtcBatch batch = CtcBatch.of(tensor, targets, inputLengths);
    refuseNan(batch);
    return new BatchFile(name, batch, shape, read != null, names, boxes);
  }

  private int[] shape(NpzReader npz) throws IOException {
    String classes = isLogits ? "C" : "D";
    int rank = npz.header(frames).rank() == 2 ? 2 : 3;
    String axes =
        rank == 2
            ? "(T, %s)".formatted(classes)
            : "(T, N, %1$s) or (N, T, %1$s)".formatted(classes);
    return FloatArrays.shape(npz.header(frames), frames, rank, axes);
  }

  /** Where nothing else tells the number of utterances: they are seldom more than frames. */
  private void noteIfSwapped(int[] shape) {
    Layout layout = options.layout;
    if (layout.frames(shape) < layout.utterances(shape)) {
      Messages.note(
          err,
          "%s: %s are read as %d utterances of %d frames; if it is the other way round: --layout %s"
              .formatted(
                  name, frames, layout.utterances(shape), layout.frames(shape), layout.other()));
    }
  }

  /** Null where they are not wanted, or there are none and they need not be there. */
  private Targets targets(TargetArrays arrays, int[] shape, Wanted wanted) throws IOException {
    if (wanted == Wanted.NEEDED || wanted == Wanted.WHERE_THERE && arrays.areNamed()) {
      return arrays.read(shape, options.layout);
    }
    if (wanted == Wanted.NOT_AT_ALL || !arrays.areThere()) {
      return null;
    }
    try {
      return arrays.read(shape, options.layout);
    } catch (InvalidInputException | NpzFormatException e) {
      Messages.note(err, "%s: targets are no references: %s".formatted(name, e.getMessage()));
      return null;
    }
  }

  /** Null if there are none, or none that can be names. */
  private List<String> names(NpzReader npz, int utterances) throws IOException {
    if (!npz.contains(NAMES)) {
      return null;
    }
    try {
      return UtteranceNames.checked(List.of(npz.read(NAMES).strings()), utterances);
    } catch (InvalidInputException | NpzFormatException e) {
      Messages.note(err, "%s: array 'names' is not used: %s".formatted(name, e.getMessage()));
      return null;
    }
  }

  /** Null if there are none, or none that can be boxes. */
  private double[][] boxes(NpzReader npz, int utterances) throws IOException {
    if (!npz.contains(BOXES)) {
      return null;
    }
    try {
      return BoxArray.read(npz.read(BOXES), utterances);
    } catch (InvalidInputException | NpzFormatException e) {
      Messages.note(err, "%s: array 'boxes' is not used: %s".formatted(name, e.getMessage()));
      return null;
    }
  }

  /**
   * A NaN in a file is a mistake upstream; the library would report the utterance as NOT_FINITE.
   */
  private void refuseNan(CtcBatch batch) {
    FrameTensor logits = batch.logits();
    float[] row = new float[logits.classes()];
    for (int n = 0; n < batch.utterances(); n++) {
      for (int t = 0; t < batch.inputLength(n); t++) {
        logits.elements().read(logits.index(t, n, 0), logits.classStride(), row, 0, row.length);
        for (int c = 0; c < row.length; c++) {
          if (Float.isNaN(row[c])) {
            throw new InvalidInputException(
                "%s: utterance %d has NaN at frame %d, %s %d, expected a number in [-Infinity, Infinity]"
                    .formatted(frames, n, t, isLogits ? "class" : "dimension", c));
          }
        }
      }
    }
  }
}
